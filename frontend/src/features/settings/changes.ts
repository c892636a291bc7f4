import type { MutationOptions, QueryClient } from '@tanstack/react-query'

/** Something on the server that a learner changes field by field. */
export interface Changeable<T extends object> {
  /** Its name; changes of one name are sent one after the other. */
  name: string
  send: (change: Partial<T>) => Promise<T>
  /** Takes up what the server says it is now. */
  accept: (answer: T) => void
}

/**
 * How a change is saved. At most one is on its way; those after it wait in order, and a field that a later one sets
 * again is not sent at all, so that the last choice wins however quickly one changes one's mind.
 */
export function changeOptions<T extends object>(
  queries: QueryClient,
  thing: Changeable<T>,
): MutationOptions<undefined, Error, Partial<T>> {
  const mutationKey = changeKey(thing.name)
  return {
    mutationKey,
    scope: { id: mutationKey.join('.') },
    // Offline the learner is told so at once; a choice kept back would be lost with the page.
    networkMode: 'always',
    mutationFn: async (change) => {
      const overruled = Object.assign({}, ...waiting<T>(queries, thing.name)) as Partial<T>
      const left = Object.entries(change).filter(([field]) => !(field in overruled))
      if (left.length > 0) thing.accept(await thing.send(Object.fromEntries(left) as Partial<T>))
      return undefined
    },
  }
}

export function changeKey(name: string): string[] {
  return ['change', name]
}

/** What a learner sees: the server's word, under what they chose since. */
export function shownOver<T extends object>(stored: T, pending: readonly Partial<T>[]): T {
  return Object.assign({}, stored, ...pending) as T
}

/** The changes that are not yet on their way. */
function waiting<T>(queries: QueryClient, name: string): Partial<T>[] {
  return queries
    .getMutationCache()
    .findAll({ mutationKey: changeKey(name), status: 'pending' })
    .filter(({ state }) => state.isPaused)
    .map(({ state }) => state.variables as Partial<T>)
}
