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
import { isWelcomeStep, WELCOME_STEPS, type WelcomeStep } from '@/features/welcome/steps'
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
    if (!context.auth.knowsLearner()) return
    throw redirect({ to: context.auth.registeredHere() ? '/welcome' : (search.next ?? '/') })
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

const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: ({ context, location }) => {
    if (context.auth.knowsLearner()) return
    const next = location.href === '/' ? {} : { next: location.href }
    throw redirect({ to: '/sign-in', search: next })
  },
})

const home = createRoute({
  getParentRoute: () => inside,
  id: 'home',
  component: lazyRouteComponent(() => import('./shell'), 'Shell'),
})

const LazyWelcome = lazyRouteComponent(
  () => import('@/features/welcome/welcome-page'),
  'WelcomePage',
)

const welcome = createRoute({
  getParentRoute: () => inside,
  path: '/welcome',
  validateSearch: (search: Record<string, unknown>): { step?: WelcomeStep } =>
    isWelcomeStep(search.step) ? { step: search.step } : {},
  component: WelcomeRoute,
})

function WelcomeRoute() {
  const { step } = welcome.useSearch()
  return <LazyWelcome step={step ?? WELCOME_STEPS[0]} />
}

const talk = createRoute({
  getParentRoute: () => home,
  path: '/',
  component: lazyRouteComponent(() => import('@/features/talk/talk-page'), 'TalkPage'),
})

const history = createRoute({
  getParentRoute: () => home,
  path: '/history',
  validateSearch: (search: Record<string, unknown>): { q?: string } => wordsOf(search.q),
  component: HistoryRoute,
})

const LazyHistory = lazyRouteComponent(
  () => import('@/features/history/history-page'),
  'HistoryPage',
)

function HistoryRoute() {
  const { q = '' } = history.useSearch()
  return <LazyHistory q={q} />
}
// As with a page that has no wrapper: fetched as soon as somebody points at its link.
HistoryRoute.preload = LazyHistory.preload

/** What is looked for. An address may hold it as a number or a truth: it was typed as words. */
function wordsOf(q: unknown): { q?: string } {
  const words = ['string', 'number', 'boolean'].includes(typeof q) ? String(q).trim() : ''
  return words === '' ? {} : { q: words.slice(0, 200) }
}

const LazyConversation = lazyRouteComponent(
  () => import('@/features/history/conversation-page'),
  'ConversationPage',
)

const conversation = createRoute({
  getParentRoute: () => home,
  path: '/history/$conversationId',
  validateSearch: (search: Record<string, unknown>): { q?: string; turn?: number } => ({
    ...wordsOf(search.q),
    ...(Number.isInteger(search.turn) ? { turn: Number(search.turn) } : {}),
  }),
  component: ConversationRoute,
})

function ConversationRoute() {
  const { conversationId } = conversation.useParams()
  const { q = '', turn = null } = conversation.useSearch()
  return <LazyConversation id={conversationId} q={q} turn={turn} />
}
ConversationRoute.preload = LazyConversation.preload

const settings = createRoute({
  getParentRoute: () => home,
  path: '/settings',
  component: lazyRouteComponent(
    () => import('@/features/settings/settings-layout'),
    'SettingsLayout',
  ),
})

const settingsIndex = createRoute({
  getParentRoute: () => settings,
  path: '/',
  component: lazyRouteComponent(
    () => import('@/features/settings/settings-index'),
    'SettingsIndex',
  ),
})

const learning = createRoute({
  getParentRoute: () => settings,
  path: 'learning',
  component: lazyRouteComponent(() => import('@/features/settings/learning-page'), 'LearningPage'),
})

const tutor = createRoute({
  getParentRoute: () => settings,
  path: 'tutor',
  component: lazyRouteComponent(() => import('@/features/settings/tutor-page'), 'TutorPage'),
})

const sound = createRoute({
  getParentRoute: () => settings,
  path: 'sound',
  component: lazyRouteComponent(() => import('@/features/settings/sound-page'), 'SoundPage'),
})

const display = createRoute({
  getParentRoute: () => settings,
  path: 'display',
  component: lazyRouteComponent(() => import('@/features/settings/display-page'), 'DisplayPage'),
})

const memory = createRoute({
  getParentRoute: () => settings,
  path: 'memory',
  component: lazyRouteComponent(() => import('@/features/settings/memory-page'), 'MemoryPage'),
})

const account = createRoute({
  getParentRoute: () => settings,
  path: 'account',
  component: lazyRouteComponent(() => import('@/features/settings/account-page'), 'AccountPage'),
})

const data = createRoute({
  getParentRoute: () => settings,
  path: 'data',
  component: lazyRouteComponent(() => import('@/features/settings/data-page'), 'DataPage'),
})

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
  inside.addChildren([
    welcome,
    home.addChildren([
      talk,
      history,
      conversation,
      settings.addChildren([settingsIndex, learning, tutor, sound, display, memory, account, data]),
    ]),
  ]),
])

export function createAppRouter(services: Services) {
  return createRouter({
    routeTree: tree,
    context: services,
    defaultPreload: 'intent',
    // Back in a long list, one is where one was; a new page begins at its top.
    scrollRestoration: true,
    scrollToTopSelectors: ['[data-page-scroller]'],
    defaultErrorComponent: BrokenPage,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>
  }
}
