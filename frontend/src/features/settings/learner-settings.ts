import { queryOptions, useQueryClient } from '@tanstack/react-query'
import { orThrow, type Api } from '@/lib/api/client'
import type { Session, User } from '@/lib/api/models'
import { useAuthState, useServices } from '@/lib/services'
import { useSetting, type Setting } from './use-setting'

/** What is settled about the lessons. */
export const sessionQuery = (api: Api) =>
  queryOptions({
    queryKey: ['session'],
    queryFn: () => orThrow(api.GET('/sessions/default')),
  })

/** What is chosen last is saved, also when the page is left at once. */
const outlivingThePage = { keepalive: true }

type SessionField =
  'target_language' | 'native_language' | 'level' | 'voice' | 'patience' | 'push_to_talk' | 'goal'
type SessionSettings = Pick<Session, SessionField>

/** A setting of the lessons. A tutor who is talking at this moment hears of a change. */
export function useSessionSetting<F extends SessionField>(
  session: Session,
  field: F,
): Setting<SessionSettings[F]> {
  const { api } = useServices()
  const queries = useQueryClient()
  return useSetting<SessionSettings, F>(
    {
      name: 'session',
      send: (change) =>
        orThrow(api.PATCH('/sessions/default', { body: change, ...outlivingThePage })),
      accept: (answer) => {
        // What was asked before the change and answered after it would show the old choice again.
        void queries.cancelQueries(sessionQuery(api))
        queries.setQueryData(
          sessionQuery(api).queryKey,
          (now) => ({ ...now, ...answer }) as Session,
        )
      },
    },
    session,
    field,
  )
}

type AccountField = 'display_name' | 'time_zone' | 'ui_language'
type AccountSettings = Pick<User, AccountField>

/** A setting of the account of who is signed in. */
export function useAccountSetting<F extends AccountField>(
  user: User,
  field: F,
): Setting<AccountSettings[F]> {
  const { api, auth } = useServices()
  return useSetting<AccountSettings, F>(
    {
      name: 'account',
      send: (change) => orThrow(api.PATCH('/auth/me', { body: change, ...outlivingThePage })),
      accept: (answer) => auth.userChanged(answer as User),
    },
    user,
    field,
  )
}

/** Who is signed in; these pages are shown to nobody else, but for the moment in which one signs out. */
export function useUser(): User | null {
  const state = useAuthState()
  return state.status === 'signed_in' ? state.user : null
}
