import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useEffect, useState, useSyncExternalStore, type ComponentType } from 'react'
import { Notice } from '@/components/notice'
import { Button } from '@/components/ui/button'
import { toastsWanted } from '@/components/ui/toast'
import { asApiError } from '@/lib/api/problem'
import { useTranslation } from 'react-i18next'
import { connection } from '@/lib/connection'
import { followAccount } from '@/lib/i18n'
import { ServicesContext, useAuthState, type Services } from '@/lib/services'
import { createAppRouter } from './router'

export function App({ services }: { services: Services }) {
  return (
    <ServicesContext value={services}>
      <Gate services={services} />
    </ServicesContext>
  )
}

function Gate({ services }: { services: Services }) {
  const state = useAuthState()
  const { status } = state
  const uiLanguage = 'user' in state ? state.user.ui_language : null
  useEffect(() => {
    // Where its words cannot be had, the page goes on in the language it has.
    if (uiLanguage !== null) followAccount(uiLanguage).catch(() => undefined)
  }, [uiLanguage])
  // The list of rooms waits for the answer to who is there; it takes one call.
  if (status === 'unknown') return null
  if (status === 'unreachable') return <UnreachablePage onRetry={() => services.auth.start()} />
  return <Rooms services={services} status={status} />
}

interface RoomsProps {
  services: Services
  status: 'signed_in' | 'signed_out' | 'away'
}

function Rooms({ services, status }: RoomsProps) {
  const [router] = useState(() => createAppRouter(services))
  const [queries] = useState(createQueries)
  useEffect(() => {
    // Another learner's data must not be there when the next one signs in.
    if (status === 'signed_out') queries.clear()
    void router.invalidate()
  }, [status, router, queries])
  useEffect(() => againOnceReachable(queries), [queries])
  return (
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
      <Toasts />
    </QueryClientProvider>
  )
}

/** What could not be loaded is loaded when the server can be reached again. */
function againOnceReachable(queries: QueryClient): () => void {
  return connection.subscribe(() => {
    if (connection.snapshot() !== 'up') return
    void queries.refetchQueries({ predicate: ({ state }) => state.status === 'error' })
  })
}

/** The place of toasts, fetched with the first. Where it cannot be had, the page goes on without, and the next one tries. */
function Toasts() {
  const wanted = useSyncExternalStore(toastsWanted.subscribe, toastsWanted.snapshot)
  const [Place, setPlace] = useState<ComponentType | null>(null)
  useEffect(() => {
    if (wanted === 0) return
    import('@/components/ui/toast-place').then(
      ({ ToastPlace }) => setPlace(() => ToastPlace),
      () => undefined,
    )
  }, [wanted])
  return Place !== null && <Place />
}

function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Without a network a call fails and the page says so; a call that only waits would say nothing.
        networkMode: 'always',
        staleTime: 5_000,
        // What the API refuses, it refuses again; only a lost network is worth a second try.
        retry: (failures, cause) => failures < 1 && asApiError(cause).code === 'network',
        retryDelay: 500,
      },
      mutations: { networkMode: 'always' },
    },
  })
}

export function UnreachablePage({ onRetry }: { onRetry: () => Promise<void> }) {
  const { t } = useTranslation('common')
  const [busy, setBusy] = useState(false)
  const retry = async () => {
    setBusy(true)
    await onRetry().catch(() => undefined)
    setBusy(false)
  }
  return (
    <main>
      <Notice title={t('start.unreachable')} hint={t('start.unreachableHint')} urgent isPage>
        <Button disabled={busy} onClick={() => void retry()}>
          {t('retry')}
        </Button>
      </Notice>
    </main>
  )
}
