import type { Level } from './api/models'

/** The levels that a learner may have, as the API names them. */
export const LEVELS = ['A1', 'A2', 'B1', 'B2', 'C1', 'C2'] as const satisfies readonly Level[]
/** The longest goal that the API takes. */
export const LONGEST_GOAL = 500
