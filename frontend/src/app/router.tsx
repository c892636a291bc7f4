import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { Notice } from '@/components/notice'
import { buttonLook } from '@/components/ui/button'
import { useTranslation } from 'react-i18next'
import type { Services } from '@/lib/services'
import { BrokenPage } from './broken-page'

const root = createRootRouteWithContext<Services>()({
  component: Outlet,
  errorComponent: BrokenPage,
  notFoundComponent: MissingPage,
})

const door = createRoute({
  getParentRoute: () => root,
  id: 'door',
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    // Only a path of this site: an address from elsewhere must not be followed after the sign-in.
    typeof search.next === 'string' && /^\/(?![/\\])/.test(search.next)
      ? { next: search.next }
      : {},
  beforeLoad: ({ context, search }) => {
    if (context.auth.snapshot().status === 'signed_in') throw redirect({ to: search.next ?? '/' })
  },
})

const signIn = createRoute({
  getParentRoute: () => door,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('@/features/auth/sign-in-page'), 'SignInPage'),
})

const register = createRoute({
  getParentRoute: () => door,
  path: '/register',
  component: lazyRouteComponent(() => import('@/features/auth/register-page'), 'RegisterPage'),
})

const home = createRoute({
  getParentRoute: () => root,
  id: 'home',
  component: lazyRouteComponent(() => import('./shell'), 'Shell'),
  beforeLoad: ({ context, location }) => {
    if (context.auth.snapshot().status === 'signed_in') return
    const next = location.href === '/' ? {} : { next: location.href }
    throw redirect({ to: '/sign-in', search: next })
  },
})

const talk = createRoute({
  getParentRoute: () => home,
  path: '/',
  component: lazyRouteComponent(() => import('@/features/talk/talk-page'), 'TalkPage'),
})

const history = createRoute({
  getParentRoute: () => home,
  path: '/history',
  component: lazyRouteComponent(() => import('@/features/history/history-page'), 'HistoryPage'),
})

const LazyConversation = lazyRouteComponent(
  () => import('@/features/history/conversation-page'),
  'ConversationPage',
)

const conversation = createRoute({
  getParentRoute: () => home,
  path: '/history/$conversationId',
  component: ConversationRoute,
})

function ConversationRoute() {
  const { conversationId } = conversation.useParams()
  return <LazyConversation id={conversationId} />
}

function MissingPage() {
  const { t } = useTranslation('common')
  return (
    <main>
      <Notice title={t('start.missing')}>
        <Link to="/" className={buttonLook()}>
          {t('start.missingAction')}
        </Link>
      </Notice>
    </main>
  )
}

const tree = root.addChildren([
  door.addChildren([signIn, register]),
  home.addChildren([talk, history, conversation]),
])

export function createAppRouter(services: Services) {
  return createRouter({
    routeTree: tree,
    context: services,
    defaultPreload: 'intent',
    defaultErrorComponent: BrokenPage,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>
  }
}
