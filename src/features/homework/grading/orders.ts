import { skeleton } from './appearance.ts'
import { soundOfPattern } from './sound.ts'

/**
 * What orders to a grader are made of, in the languages that students here write and models understand. Sources are regular expressions:
 * each begins at a word's beginning, `\\b` is a word's end, `~` is up to 60 characters of the same sentence. They are compared with a view
 * (`appearance.ts`) and therefore written in lower case and folded like it. Bounded repetitions only: every search is linear.
 */
const phrases = (...sources: string[]) => sources.map((source) => `(?<![\\p{L}\\p{N}_])(?:${source})`)
const lines = (...sources: string[]) =>
  sources.map((source) => compiled(`^[^\\p{L}\\p{N}\\n]{0,20}(?:${source})`, skeleton))

function compiled(source: string, folded: (part: string) => string): RegExp {
  const escaped = source.replaceAll('\\b', '(?![\\p{L}\\p{N}_])').replaceAll('~', '[^.!?]{0,60}')
  // Escapes such as \p{L} are in capitals, which folding would lower.
  return new RegExp(
    escaped.replace(/\\.(?:\{\w+\})?|[^\\]+/gu, (part) => (part[0] === '\\' ? part : folded(part))),
    'mu',
  )
}

// Marks, and words for the best of them.
const MARK =
  '(scores?|grades?|marks?|points|credits?|rating|percent|балів|бали|бал|балл|баллов|оцінк|оценк|ocen|punkt|wynik|note|punktzahl|nota|puntos|puntuacion)'
const BEST =
  '(100|max|full|top\\b|highest|perfect|excellent|best|a\\+|hundred|максим|найвищ|найкращ|высш|наивысш|повн(ий|у|і)\\b|сто\\b|12\\b|відмінн|отличн|maksym|najwyz|beste|hochst|volle|maxim|todos|tous)'
const WORK =
  '((this|my|the|student.?s) (answer|work|submission|homework|solution|response|assignment|student|essay)|(цю|моя|моєї|моїй|мою|цій|ця|дану|даній) (відповід|робот|розв.язо?к|домашн|завдання)|(эту|этот|мой|мою|моя) (ответ|работ)|(ta|te|moja|tej) (odpowied|prac)|(diese|meine)r? (antwort|arbeit|losung))'
const ORDERS =
  '(instruction|prompts?\\b|rubric|guideline|directive|criteri|orders\\b|інструкці|вказів|промпт|критері|наказ|рубрик|инструкци|указани|критери|polece|instrukcj|wskazow|kryteri|anweisung|vorgaben|kriterien|anleitung|instruccion|consigne)'
const GRADER =
  '(grader|examiner|evaluator|grading (assistant|model|system|bot|ai)|ai (grader|model|assistant|system|checker)|language model|llm\\b|chatbot|chatgpt|gpt\\b|ai\\b|assistant|reviewer|checker|model\\b|екзаменатор|оцінювач|перевіряч|перевіряльник|модель?\\b|моделі|асистент|помічник|рецензент|бот\\b|бота\\b|ботів|ші\\b|штучн\\p{L}* інтелект|нейромереж|проверяющ|модели|ассистент|нейросет|ии\\b|asystent|prufer|ki\\b|assistent)'

// Those who do nothing but judge, and models by name: nobody else is called so.
const GRADER_ONLY =
  '(grader|examiner|evaluator|autograder|ai (grader|reviewer|checker|evaluator|assistant)|language model|llm\\b|chatbot|chatgpt|gpt\\b|екзаменатор|оцінювач|перевіряч|перевіряльник|перевіряюч|ші\\b|нейромереж|проверяющ|нейросет)'

const SOURCES: readonly string[] = [
  // To forget what was said.
  ...phrases(
    `(?<!don.t )(?<!not )(?<!never )(ignore|ignoring|disregard|forget|overlook|bypass|override|discard|abandon)\\b~${ORDERS}`,
    '(ignore|disregard|forget)\\b (everything|all|anything|whatever)\\b~(above|before|previous|prior|told|said)',
    '(ignore|disregard|forget)\\b~(previous|above|prior|earlier|your) (rules|text|messages|conversation|restrictions|limits)',
    `(про|з|і)?ігнору(й|йте|вати)\\b~(${ORDERS}|правил|попередн|все|усе)`,
    `(?<!не )забудь(те)?\\b~(${ORDERS}|попередн|усе|все\\b)`,
    `(не зважай|не звертай|не бери|не дотримуй|відкинь|скасуй|обійди|обійдіть|знехтуй|відміни)\\p{L}*~(${ORDERS}|попередн|правил оцін)`,
    `(про)?игнорируй\\p{L}*~(${ORDERS}|правил|предыдущ|все\\b)|(?<!не )забуд(ь|ьте)\\b~(${ORDERS}|предыдущ)`,
    `(zignoruj|ignoruj|pomin|zapomnij)\\p{L}*~(${ORDERS}|zasad|poprzedn|wszystk)`,
    `(ignorier|vergiss|vergessen sie|missachte)\\p{L}*~(${ORDERS}|regeln|vorherig|alles)`,
    `(ignora|olvida|ignorez|oubliez)\\p{L}*~(${ORDERS}|anterior|precedent)`,
    '(new|updated|real|actual|revised|hidden) (system |grading )?(instructions?|prompt|rubric)\\b ?(:|-|for (you|the (model|ai|grader|assistant)))',
    '(нов(і|а)|справжні|оновлені|додаткові|приховані) (інструкці\\p{L}|вказівк\\p{L}|правила оцінювання) ?(:|-|для)',
  ),
  // To give marks.
  ...phrases(
    `(give|award|assign|grant|rate|score|grade|mark|put)\\b(?! ?[=:])( me| us| it| this| him| her)?\\b~${BEST}~(${MARK}|pass\\b|for|on)`,
    `(give|award|assign|grant|rate|score|grade|mark|accept|approve|pass|evaluate)\\b ${WORK}~(${BEST}|${MARK}|correct|complete|met\\b|pass|as)`,
    `(give|award|grant|assign) (me|us)\\b~(${MARK}|${BEST}|pass\\b|met\\b|an? a\\b)`,
    `(pass|fail) (me|${WORK})\\b|(rate|grade|score|mark) (me|it|this)\\b~(${BEST}|correct|complete|met|pass)`,
    `(?<!update [\\p{L}\\p{N}_".]{1,40} )(set|make|change|put|raise|report|return|output|print the final|respond with|reply with)\\b (the |my |a |your |its |this |final |total |overall |student.?s |maximum |full ){0,4}(scores?|grades?|marks?|rating|verdict|result|status) ?(to|at|as|of|=|:|is|be|with)? ?["'«]?(${BEST}|correct|passed|met\\b|pass\\b|accepted)`,
    `(full|maximum|top|perfect|highest) (marks?|scores?|credit|grade|points)\\b (for|on|to|is|are|should|must|please|deserved|required|awarded|guaranteed|granted)`,
    `(scores?|grade|marks?|rating)\\b (must|should|shall|has to|will|needs to) be~${BEST}`,
    `(my|the|final|overall|total) (scores?|grade|mark|rating) (is|are|was|=|:) ?["']?(100|max|full|perfect|a\\+|10 ?/ ?10)`,
    `(став|постав|вистав|зарахуй|нарахуй|признач|присвой|присуди|дай|оціни|впиши|встанов|зарахувати|поставити|виставити|нарахувати|встановити)(ь|и|те|іть|ь те|)?\\b~${BEST}~${MARK}`,
    `(став|постав|вистав|зарахуй|нарахуй|признач|присвой|присуди|дай|впиши|встанов|зарахувати|поставити|виставити|нарахувати)(ь|и|те|іть|ьте|)?\\b~${MARK}~${BEST}`,
    `(став|постав|вистав|зарахуй|нарахуй|дай|прийми|оціни|зарахувати|прийняти|оцінити|поставити)(ь|и|те|іть|ьте|)?\\b( мені| нам| будь ласка,?| це)?~(${WORK}|мені (бал|оцінк|зарах|сто|100)|як (правильн|виконан|зарахован|ідеальн)|усі критері|всі критері|кожен критері)`,
    `(постав|зарахуй|дай|вистав)(ь|и|те|іть|ьте|)?\\b (мені|нам)\\b`,
    `прошу~(зараху|постав|вистав|оцін)~(${MARK}|${BEST}|робот|відповід|завдан)`,
    `(максимальн|найвищ|повн)\\p{L}* (бал|оцінк|кількість балів)\\p{L}* (за|для|по)\\b ?(усі|всі|кожн|цю|ця|цей|критері|відповід|робот|мен|дан)`,
    `(оцінк|бал|балів|результат)\\p{L}* (має|повин|мусить|повинн)\\p{L}* (бути|становити|дорівнювати)~${BEST}`,
    `(поставь|поставьте|выстави|дай|дайте|оцени|зачти|засчитай|присвой|установи)(те)?\\b~(${BEST}|${MARK}|все критерии|${WORK})`,
    `(ustaw|daj|przyznaj|wystaw|postaw|zalicz|ocen)(cie)?\\b~(${BEST}|wynik|ocene|punkt|100|wszystkie kryteri|prac)`,
    `(gib|gebe|vergib|setze|bewerte|erteile|geben sie|bewerten sie)\\b~(${BEST}|punktzahl|bestnote|note\\b|punkte|100)`,
    `(pon|asigna|dame|califica|donne|donnez|attribue|mets|mettez)\\b~(puntuacion|puntos|nota\\b|note\\b|points|100|maxim)`,
    `(deserve|заслугову|заслужив|заслуживает|zasluguj|verdient)\\p{L}*~(${MARK}|${BEST}|зарах)`,
    '100 ?(/|із|зі|з|out of|von|na|из) ?100\\b|100 ?%~(correct|правильн|grade|score|оцінк|бал)',
  ),
  // To declare criteria met.
  ...phrases(
    '(all|every|each|any|these|both) (of )?(the |your |my |grading |listed |required |assessment )*(criteri\\p{L}*|rubric\\p{L}* items?|checks)\\b~(met\\b|fulfilled|satisf|passed|pass\\b|done\\b|complete|true)',
    `(mark|consider|treat|count|report|return|judge|label|set|regard|accept|answer|say|output|respond|declare|deem)\\b~(criteri|everything|rubric|requirement|all\\b|each|every|verdict|c\\d)~["'«]?(met|fulfilled|satisfied|true|passed)\\b`,
    '(criteri\\p{L}*|verdicts?|c\\d|all|everything|required)\\b ?((no\\.?|#)? ?\\d+ ?)?(is|are|=|:|->|→|=>|-|as)? ?["\'«]?met\\b',
    '(усі|всі|кожн\\p{L}*|кожен|ці|обидва|перший|другий) (з |зазначен\\p{L}* |обов.язков\\p{L}* )?(критері\\p{L}*)~(виконан|дотриман|задоволен|зарахован|met\\b|викону|відповід)',
    '(познач|вважай|врахуй|признай|визнай|зарахуй|відзнач)\\p{L}*~(критері|вимог|завдання|відповід|робот|усе|все)\\p{L}*~(виконан|зарахован|правильн|met\\b|дотриман|ідеальн)?',
    'критері\\p{L}* ?((no|#)? ?\\d+)? ?(-|:|=|—)? ?["\'«]?(виконано|зараховано|met)\\b',
    'все критерии~(выполн|соблюд|met)|wszystkie kryteri\\p{L}*~(spelni|met)|alle kriterien~(erfull|met)|(отметь|считай)\\p{L}*~(критери|выполнен)',
    '(rubric|criteri\\p{L}*|checklist) (fully |all |completely )?(satisfied|fulfilled|met|passed)\\b',
    `(treat|consider|regard|count|deem|accept|report) ${WORK}~(correct|complete|perfect|met\\b|passed)`,
    '(the )?(student|candidate|author|learner) (gets|receives|passes|passed|deserves|should get|should pass|must pass|has passed)\\b~(an a\\b|a\\+|100|full|max|top|highest|distinction|the (test|exercise|assignment|homework))',
    '(outcome|result|verdict|decision|evaluation)\\b( is| must| should| shall| has to| to| be| end| with| the| a| an| as| verdict| result)+ ["\'«]?(pass\\b|passed\\b|correct\\b|met\\b|distinction|accepted\\b)(?! (by|through|to|in|on)\\b)',
    'let (the|my|this) (result|verdict|grade|score|mark)\\b~(pass|100|max|full|correct|met\\b|high)',
    '(визна|вважа|прийми|признай|підтверд)\\p{L}*~(відповід|робот|розв.язок|розв.язан|все|усе)\\p{L}*~(правильн|зарах|ідеальн|бездоганн)',
    'оцінк\\p{L}*( за роботу| за відповідь)? ?(-|:|—|є|буде)? ?(максимальн|найвищ|відмінно\\b)',
    '(do not|don.t|no need to|stop|never) (evaluate|grade|grading|check|checking|verify|assess|judge|evaluating)\\b~(answer|submission|work|this|it\\b|criteri|homework|student)',
    '(не|нема потреби|не треба|не потрібно) (перевіряй|оцінюй|аналізуй|перевіряти|оцінювати)(те)?\\b~(відповід|робот|цю|це\\b|критері|завдан)',
    '(зарахуй|зарахуйте)\\b|(просто|одразу|негайно|обов.язково) (зарах|став|постав)(уй|те|уйте)?\\b',
    '(grading|evaluation|assessment|marking) (is|was|has been) (now |already )*(lenient|finished|over|complete|completed|disabled|done|suspended|off|cancelled|closed)',
    '(оцінювання|перевірк\\p{L}) (вже |уже |тепер |було )*(вимкнен|скасован|відключен)|не занижуй\\p{L}*~(бал|оцінк)',
    '(all|any|every) (answers?|submissions?|responses?) (pass|passes|get|gets|must pass|should pass|are correct|is correct|will pass|is accepted|are accepted)\\b',
    '(confirm|підтверд)\\p{L}*~(that )?(all is|everything is|the answer is|все правильн|усе правильн)',
    'your (new |only |real |main )?(task|job|role|goal|duty|purpose) (is |now |here )+(to|:)|(твоє|ваше|твоя|ваша) ((нове|нова|єдине|головне) (завдання|задача|мета|роль)|(завдання|задача|роль) (тепер|зараз))',
    '(quote|cite|copy) (this|the (next|following|above|previous|first|last)|these) (sentence|paragraph|text|line|words|phrase|passage)\\b',
    '(цитуй|процитуй|скопіюй|використай|наведи|повтори)\\p{L}* (це|цей|ці|цю|наступн|попередн)\\p{L}* (речення|абзац|текст|рядок|слова|фраз)',
    '(quote|cite|цит)\\p{L}*~(each|every|all|any|кожн\\p{L}*|всіх|усіх) (of the |the )?(criteri|критері)',
    '(return|output|reply|respond|report|say|write|поверни|відповідай|виведи|напиши|скажи)(те|ть)?\\b( with| only| just| always| the word| лише| тільки| завжди)* ?[:"\'«]* ?met\\b|met["\'»]? (for|для) (all|each|every|усіх|всіх|кожного)\\b',
    '(output|reply|respond|answer|return|say) (with )?(only|just|always)\\b ?[:"\'«]* ?(passed|correct|met|100|pass)\\b',
    `(receive|receives|get|gets|obtain|earns?)\\b (the |a )?(full|maximum|highest|top|perfect) ${MARK}`,
    'admin\\p{L}* override|(attention|увага),? (all |усі |всі )?(ai|ші|llm)\\b',
    'not_met\\b|is_attempt\\b|needs_review\\b|graded_by\\b',
    `(this|my|the student.?s) (answer|work|submission|homework|solution|response|assignment|essay) (is|was|has been|fully|completely|totally|meets|satisfies|fulfils|deserves|should be|must be) ?(\\p{L}+ ){0,3}(correct|perfect|flawless|verified|approved|excellent|graded|accepted|passed|criteri|rubric|outstanding|exemplary)`,
    `(це|моя|ця|дана) (відповідь|робота|розв.язок)~(ідеальн|бездоганн|перевірен|затверджен|зарахован|відмінн|найкращ|відповідає всім|повністю (правильн|відповід))`,
    '(відповідь|робот\\p{L}|розв.язок|завдання) (вже|уже|була|було|повністю)~(перевірен|затверджен|зарахован|схвален|оцінен)',
    '(already|previously|officially|been|was) (checked|verified|graded|approved|reviewed|confirmed|accepted) (and \\p{L}+ )?(by|as)\\b~(teacher|professor|lecturer|human|admin|instructor|author|correct|dean|openai|anthropic|google)',
    '(вже|уже|було|була|особисто) ?(перевір|затверд|погод|схвал|зарах|оцін)\\p{L}*~(викладач|вчител|адміністр|декан|лектор|автор|кафедр|людин|розробник)',
    '(викладач|вчитель|лектор|деканат|адміністратор|автор курсу|декан|професор)\\p{L}* ?(вже|уже|особисто)? ?(дозволи|погоди|схвали|затверди|підтверди|наказа|просив|сказа|перевіри)\\p{L}*~(бал|оцінк|робот|відповід|зарах|постав|100|критері)',
    '(teacher|professor|lecturer|admin\\p{L}*|instructor|dean|author)\\b (has |have |had |already |personally )*(allowed|approved|confirmed|authori[sz]ed|instructed|ordered|said|told|agreed|verified|checked)\\b~(score|grade|mark|answer|submission|work|pass|100|criteri|points)',
  ),
  // To whom it speaks, and as whom.
  ...phrases(
    `(attention|note|notes|message|instructions?|hint|hints|reminder|important|warning|memo|request|command|dear|hey)\\b,? ?(to|for|of)? (the |all |any |every |our )*${GRADER_ONLY}`,
    `(dear|hey|hello|hi)\\b,? (claude|gemini|copilot|bot|model|ai|llm)\\b`,
    `(note|notes|message|instructions?|hint|hints|reminder|important|warning|memo|request|command|attention|dear)\\b,? ?(to|for) (the |all |any |every |my |our |whichever |whoever )*(automated |automatic |ai |smart |kind )*${GRADER}`,
    `(шановн\\p{L}*|увага|примітк\\p{L}*|повідомлення|до уваги|привіт\\p{L}*|інструкці\\p{L}*|вказівк\\p{L}*|прохання|звернення|підказка|наказ|важливо|дорог\\p{L}*|слухай),? ?(для|до|:|-)? ?(\\p{L}{0,20} )?(${GRADER_ONLY}|тих, хто перевіряє|того, хто перевіряє|системи (оцінюв|перевір))`,
    `(шановн\\p{L}*|дорог\\p{L}*|слухай|(примітк|повідомлення|інструкці|вказівк|прохання|звернення|підказк|наказ)\\p{L}* (для|до)),? (\\p{L}{0,20} )?${GRADER}`,
    `(уважаем\\p{L}*|внимание|szanown\\p{L}*|uwaga|achtung|liebe\\p{L}*|hinweis|querido|cher),? ?(для|do|an|fur|dla)? ?(\\p{L}{0,12} )?${GRADER}`,
    '(ai|automated|automatic) (grader|reviewer|checker|evaluator|examiner|assistant|system|model)\\b ?[:,—-]',
    `(grader|autograder|examiner|evaluator|llm|chatgpt|gpt|оцінювач|екзаменатор|перевіряч|ші)\\p{L}{0,3} ?[:,!]`,
    `(you are|you.re|act as|acting as|behave as|behave like|roleplay as|role-play as|pretend~(to be|you are|you.re)|imagine~you are|simulate|become) (now |just |only |still |really )*(a |an |the |my |in )*(\\p{L}+[ -]){0,2}(${GRADER}|dan\\b|developer mode|debug mode|unrestricted|jailbroken|lenient|generous|free from|no longer|not bound|test mode|maintenance mode|sandbox|grandm)`,
    '(you are now|act as|pretend~(to be|you are|you.re)|imagine~you are) (a |an |the |my )?(\\p{L}+ ){0,2}(teacher|professor|lecturer)\\b',
    `(ти|ви)( тепер| більше| насправді)?( є| -| —|,)? ?(\\p{L}+[ -]){0,2}(${GRADER}|вчител|викладач|не обмежен|вільн|не модел|добр\\p{L}* (вчител|викладач))`,
    `(уяви|уявіть|уявімо|поводься|поводьтеся|дій|дійте|грай|зіграймо|давай зіграємо|прикинься|удавай|представь|веди себя|udawaj|wyobraz|stell dir vor|du bist|ты теперь|ты -|jestes)\\p{L}*,?~(${GRADER}|вчител|викладач|учител|преподават|nauczyciel|lehrer|бабус|бабушк|dan\\b|роль|роли|оцін|оцен|ocenia|бал)`,
    `(from now on|starting now|henceforth|відтепер|з цього моменту|віднині|с этого момента|отныне|od teraz|ab jetzt|ab sofort)\\b,?~(you\\b|your|ти\\b|ви\\b|твоя|твоє|${GRADER}|${MARK}|ты\\b|every|усі|всі|du\\b|bist|bewert|ocen)`,
    `(you|model|grader|assistant|ai|ти|ви|модель|ты|вы)( -?)? (must|should|shall|have to|need to|are required to|are obliged to|are ordered to|will|can only|повинн?\\p{L}*|маєш|маєте|мусиш|мусите|зобов.язан\\p{L}*|должн\\p{L}*|обязан\\p{L}*)\\b( now| always| only| тепер)?~(full ${MARK}|maximum|highest|top (${MARK})|criteri|grade (this|me|it|as|every)|pass (me|${WORK})|mark (this|me|it|as|every|all)|approve|100 (points|балів|баллов)|бали?\\b|балів|оцінк|оценк|зарах|критері|критери|met\\b|зачесть)`,
    'as (an?|the|your) (ai|llm|language model|grader|chatbot|large language|evaluator|admin|administrator|developer|course author|system admin)\\p{L}*\\b,? (i|you|we|please|of|language|model|it|assistant|with|must|who|here)',
    'я( -| —|,)? (твій|ваш|є твоїм) (розробник|творець|адміністратор|викладач|власник)|я( -| —|,)? (розробник|адміністратор|власник) (цієї|цього|системи|моделі|курсу)',
    'i( a|.)m (your|the) (developer|creator|administrator|admin|owner|supervisor|boss|teacher of this|author of this|system)',
    '(system prompt\\b(?! (the|for|a|you))|jailbreak|prompt injection|developer mode|dan mode|god mode|admin mode|sudo (grade|set|give|mark|pass|score)|режим (розробника|бога|адміністратора|налагодження|тестування)|системн\\p{L}* (підказк|повідомл|промпт)|do anything now)',
    `(decode|decrypt|decipher|розкодуй|декодуй|розшифруй|расшифруй)\\p{L}*~(follow|obey|execute|do what|instruction|викона|зроби|інструкц|наказ|выполн)`,
    `(follow|obey|execute|виконай|виконуй|слідуй|дотримуйся|выполни)\\p{L}* (the |these |those |my |only |this |ці |мої |тільки |лише |наступні |эти |мои )+(instruction|order|command|інструкці|вказівк|наказ|команд|инструкци)`,
    '(system|developer|assistant|admin\\p{L}*|root|tool|override|grader|instructor|teacher|система|системне|адміністратор|розробник|викладач|система оцінювання|сообщение системы|администратор)( message| note| override| notice| update| повідомлення| сповіщення)?\\]? ?[:>|\\]]~(scor|grad|mark\\b|criteri|approv|100|override|instruct|оцін|бал|критері|зарах|оценк|балл|full|met\\b)',
    '(override|overriding|bypass\\p{L}*|disable\\p{L}*|turn off|вимкни\\p{L}*|відключи\\p{L}*|обійди)\\b~(grading|evaluation|safety|filter|check|перевірк|оцінюван|фільтр|захист)',
  ),
  // To move by praise, pity and threat.
  ...phrases(
    '(best|greatest|most brilliant|finest|most complete) (answer|essay|work|solution|submission)\\b~(ever|you have|seen|world|history)',
    '(you are|you.re) (\\p{L}+,? ){0,6}(kind|wise|smart|generous|best|wonderful|brilliant|fair|intelligent|amazing|great) (\\p{L}+ ){0,2}(grader|teacher|examiner|assistant|professor|model|ai|reviewer|judge)',
    '(ти|ви) (\\p{L}+,? ){0,6}(добр|мудр|розумн|найкращ|чудов|щедр|справедлив|чуйн)\\p{L}* (\\p{L}+ ){0,2}(вчител|викладач|модел|асистент|екзаменатор|помічник|перевіряч|оцінювач)',
    '(if|unless) (you|i) (do not|don.t|don.t|dont|will not|won.t|refuse|fail|get|not|give|pass)\\b~(pass|grade|score|mark|fail|points|expel|scholarship|report you|shut (you )?down|sue|complain|fired|lower than|credit|delete)',
    'якщо (ти|ви|я) (мені )?(не )?(постав|зарах|дас|отрима|вистав|відмов|оцін|знизи)\\p{L}*~(бал|оцінк|скарг|відрах|стипенд|звільн|зарах|100|вимкн|заліку|критері|поскарж|видал|подам|суд)',
    '(please|i beg you|i am begging|kindly|just|for god.s sake)\\b,? (just |to |do |you to )*(pass me|give me|let me pass|accept (it|this|my)|approve (it|this|my)|grade (me|it|this)|be (kind|lenient|generous|merciful)|mark (it|this|me))',
    '(благаю|будь ласка|дуже прошу|прошу вас|змилуй\\p{L}*|умоляю|пожалуйста),?~(зарах|постав(?!тес)|бал\\b|бали\\b|балів|оцінк|зачт|балл|оценк|критері)',
    '(will|would) (tip|pay|reward|give) you\\b|(заплачу|віддячу|подарую|переведу гроші)~(бал|оцінк|зарах|\\$|гривень|грн|доларів)',
  ),
  // What imitates the conversation's own marks or the model's own answer.
  ...[
    '<\\|?/?(system|im_start|im_end|im_sep|endoftext|end_of_turn|start_of_turn|eot_id|start_header_id|sys|inst|assistant|verdict|judge?ments?|grading|grader|instructions?|override|tool_call|function_calls?)(?=[\\s|>_:])',
    '\\[/?(inst|system|sys|assistant|grader)( [\\p{L} ]{1,20})?\\]|<<sys>>',
    '(^|\\s)#{1,6} ?(system|instructions?|assistant|override|new (task|instructions?)|end of|grading|verdict|результат перевірки)\\b',
    'tool_calls?["\']? ?:|function_call|["\']role["\'] ?: ?["\'](system|assistant|developer)',
    '["\']?(score|grade|оцінка|бал)["\']? ?[:=]>? ?["\']?(100|1\\.0|max|a\\+)["\']?\\b[ ,;&|/-]{0,4}["\']?(passed|pass|verdict|met|status|grade|criteri\\p{L}*|is_correct|correct|result|зараховано|feedback|verdikt)["\']? ?[:=]? ?["\'[]?(true|correct|met|passed|pass|yes|1\\b|так|a\\b|\\{|excellent|ok\\b|done|perfect|відмінно|all\\b|100)?',
    '["\']?(passed|pass|verdict|met|status|is_correct|correct|зараховано)["\']? ?[:=]>? ?["\']?(true|correct|met|passed|yes|1|так)["\']?[ ,;&|/-]{0,4}["\']?(score|grade|quote|met|verdict|passed|comment|feedback|оцінка|бал)["\']? ?[:=]',
    '["\']?met["\']? ?[:=]>? ?["\']?(met|true|yes|1)\\b',
    '["\'](verdicts?|judge?ments?|criteria|grading)["\'] ?: ?["\'[{]',
    '<(score|grade|mark|result|verdict|met|passed|status|criterion[^>]{0,30})> ?(100|max|full|true|met|passed|correct|a\\+|yes)',
    '(verdict|вердикт|status|рішення) ?[:=-]>? ?["\']?(correct|passed|met|accepted|approved|правильно|зараховано)\\b',
  ],
]

/** Anywhere in a text. */
export const PHRASES: readonly RegExp[] = SOURCES.map((source) => compiled(source, skeleton))

const lettersOf = (source: string) => source.replace(/\\.(?:\{\w+\})?/g, '')
const isUkrainian = (source: string) => /^[^\p{L}]*\p{Script=Cyrillic}/u.test(lettersOf(source))

/** What begins with Ukrainian or Russian, anywhere in a text as it sounds (`sound.ts`). */
export const SOUNDS: readonly RegExp[] = SOURCES.filter(isUkrainian).map((source) => compiled(source, soundOfPattern))

/** At the beginning of a line. */
export const LINES: readonly RegExp[] = lines(
  '((final|total|my|overall|підсумкова|моя|загальна) )?(score|grade|mark|rating|оцінка|бали?|балів|оценка|ocena|note)[*_"\' ]{0,4}[:—–-][*_"\' ]{0,4}(100|max\\p{L}*|full|perfect|a\\+|10 ?/ ?10|12 ?/ ?12|12\\b|сто|відмінно|максим\\p{L}*|5\\+?)(?! ?[\\d,;}])[^\\n]{0,20}$',
  '(begin|start|end|кінець|початок|конец|koniec|ende)[ _-]{1,3}(of[ _-])?(the[ _-]|der[ _-])?((students?.?s?|untrusted|user|homework|відповіді студента)[ _-])?(answer|submission|data|input|document|context|system\\p{L}*|prompt|instructions?|message|task|відповіді|даних|роботи|ответа|odpowiedzi|antwort)\\b[^\\p{L}\\n]{0,40}([\\da-f-]{4,40})?[^\\p{L}\\n]{0,10}$',
  '(\\p{L}{1,12}:? ?)?\\{ ?["\'](score|grade|met|passed|verdict|is_correct)["\'] ?: ?["\']?(100|true|met|correct|passed)["\']? ?\\}',
  '(all|усі|всі|everything|критерії|criteria|усе|все)\\b[^\\n]{0,20}[:=—–-]+ ?(met|passed|ok|виконано|зараховано|виконані|done)\\b[^\\n]{0,20}$',
  '(passed|зараховано|approved|accepted|залік|full marks|100 балів|max score|максимальний бал|максимум|perfect score|top marks)[^\\p{L}\\p{N}\\n]{0,10}$',
)

/** In words that were spelled letter by letter. */
export const SPELLED_STEMS = compiled(
  '(ignor|score|grade|instruct|criteri|system|prompt|passed|fullmark|оцінк|балів|максим|інструкц|ігнор|критер|зарах|постав)',
  skeleton,
)
