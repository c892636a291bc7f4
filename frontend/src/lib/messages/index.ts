import { en, type Messages } from './en'

export type { Messages }

/** The catalogue in use. Which language it is gets decided here and nowhere else. */
export function useMessages(): Messages {
  return en
}
