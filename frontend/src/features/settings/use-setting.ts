import { useMutation, useMutationState, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { asApiError, type ApiError } from '@/lib/api/problem'
import { changeKey, changeOptions, shownOver, type Changeable } from './changes'

/** How long "Saved" stands beside a control. */
const NEWS_MS = 4_000

export interface Setting<V> {
  value: V
  change: (value: V) => void
  isSaved: boolean
  /** Why the last choice could not be kept. */
  fault: ApiError | null
  /** Tries the choice again that could not be kept. */
  retry: () => void
}

/** One field of what a learner may change: seen changed at once, saved at once, taken back when that fails. */
export function useSetting<T extends object, F extends keyof T & string>(
  thing: Changeable<T>,
  stored: T,
  field: F,
): Setting<T[F]> {
  const queries = useQueryClient()
  const { mutate, reset, variables, isSuccess, error } = useMutation(changeOptions(queries, thing))
  const pending = useMutationState({
    filters: { mutationKey: changeKey(thing.name), status: 'pending' },
    select: ({ state }) => state.variables as Partial<T>,
  })
  useEffect(() => {
    if (!isSuccess) return
    const timer = setTimeout(reset, NEWS_MS)
    return () => clearTimeout(timer)
  }, [isSuccess, reset])
  return {
    value: shownOver(stored, pending)[field],
    change: (value) => mutate({ [field]: value } as unknown as Partial<T>),
    isSaved: isSuccess,
    fault: error === null ? null : asApiError(error),
    retry: () => {
      if (variables !== undefined) mutate(variables)
    },
  }
}
