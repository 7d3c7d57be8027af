/** Something was refused by another process, which has told why on stderr. */
export class ToldAlready extends Error {}
