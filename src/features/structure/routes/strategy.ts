import { Type } from 'typebox'
import { OneOf } from '#platform/http/index.ts'

/** The outline engine knows one way only. */
export const Strategy = Type.Unsafe<'default' | 'quality' | 'budget'>({
  ...OneOf('default', 'quality', 'budget'),
  description: 'How much a language model may cost. The outline, which uses none, does the same whatever it is.',
})
