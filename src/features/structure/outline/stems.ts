/**
 * The words of a text as stems, so that `змінну`, `змінної` and `змінні` are one word. Not linguistics: a common Ukrainian or English
 * ending is cut off and six letters are kept. Words of fewer than three letters and the commonest words of both languages are left out.
 */
export function stemsOf(text: string): string[] {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .replace(/['ʼ’‘`´]/gu, '')
      .match(/[\p{L}\p{M}\p{N}_]+/gu) ?? []
  return words.filter((word) => word.length >= 3 && !common.has(word) && /\p{L}/u.test(word)).map(stem)
}

const ending =
  /(?:ування|ення|ання|ями|ами|ими|іми|ого|ому|ість|ості|ою|ею|єю|ій|ий|ої|их|іх|ів|їв|ам|ям|ах|ях|ом|ем|єм|ові|еві|ати|яти|ити|іти|ує|ють|уть|ить|ать|ing|ed|es|[аяуюиіїоеєьйs])$/u

function stem(word: string): string {
  const shorter = word.replace(/ок$/u, 'к').replace(ending, '')
  const base = (shorter.length >= 3 ? shorter : word).replace(/[аеиіїоуюяйь]$/u, '')
  return (base.length >= 3 ? base : shorter).slice(0, 6)
}

const common = new Set(
  (
    'або але адже багато без буде був була були було бути ваш ваша вже від вона вони воно все всі два далі для добре дуже ' +
    'його йому інший інша інші коли кожен кожна краще лише має маємо мати між може можна можемо нам нами нас наш наша наше наші ' +
    'не ним них ніж отже один одна одне перед під після поки потім потрібно про просто саме свій своя свою себе сьогодні так така таке такий такі ' +
    'там тепер тобто тоді той том тому треба три тут хоча цей цього цьому цю через чому чого щоб якщо якби який яка яке які яку як якого якій ' +
    'що ще this that these those the and are was were with from for you your our not but can will have has had its they them then than ' +
    'what when where which who how why into also just very more most some such only one two now let use'
  ).split(' '),
)
