/** What a model is asked: the two texts of a call. */
export type Asked = { system: string; user: string; model: string }

/** A model: gives what it answers, as JSON or (a string) as it stands. Undefined when it does not know what is wanted. */
export type Behaviour = (asked: Asked) => unknown
