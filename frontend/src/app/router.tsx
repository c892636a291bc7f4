import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
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
import { lazyPage } from './lazy-page'

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
  component: lazyPage(
    () => import('@/features/auth/sign-in-page').then(({ SignInPage }) => SignInPage),
    ['auth'],
  ),
})

const register = createRoute({
  getParentRoute: () => door,
  path: '/register',
  component: lazyPage(
    () => import('@/features/auth/register-page').then(({ RegisterPage }) => RegisterPage),
    ['auth'],
  ),
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
  component: lazyPage(() => import('./shell').then(({ Shell }) => Shell)),
})

const LazyWelcome = lazyPage(
  () => import('@/features/welcome/welcome-page').then(({ WelcomePage }) => WelcomePage),
  ['welcome', 'devices', 'talk'],
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
WelcomeRoute.preload = LazyWelcome.preload

const talk = createRoute({
  getParentRoute: () => home,
  path: '/',
  component: lazyPage(
    () => import('@/features/talk/talk-page').then(({ TalkPage }) => TalkPage),
    ['talk'],
  ),
})

const history = createRoute({
  getParentRoute: () => home,
  path: '/history',
  validateSearch: (search: Record<string, unknown>): { q?: string } => wordsOf(search.q),
  component: HistoryRoute,
})

const LazyHistory = lazyPage(
  () => import('@/features/history/history-page').then(({ HistoryPage }) => HistoryPage),
  ['history', 'talk'],
)

function HistoryRoute() {
  const { q = '' } = history.useSearch()
  return <LazyHistory q={q} />
}
HistoryRoute.preload = LazyHistory.preload

/** What is looked for. An address may hold it as a number or a truth: it was typed as words. */
function wordsOf(q: unknown): { q?: string } {
  const words = ['string', 'number', 'boolean'].includes(typeof q) ? String(q).trim() : ''
  return words === '' ? {} : { q: words.slice(0, 200) }
}

const LazyConversation = lazyPage(
  () =>
    import('@/features/history/conversation-page').then(({ ConversationPage }) => ConversationPage),
  ['history', 'talk'],
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
  component: lazyPage(
    () =>
      import('@/features/settings/settings-layout').then(({ SettingsLayout }) => SettingsLayout),
    ['settings'],
  ),
})

const settingsIndex = createRoute({
  getParentRoute: () => settings,
  path: '/',
  component: lazyPage(
    () => import('@/features/settings/settings-index').then(({ SettingsIndex }) => SettingsIndex),
    ['settings'],
  ),
})

const learning = createRoute({
  getParentRoute: () => settings,
  path: 'learning',
  component: lazyPage(
    () => import('@/features/settings/learning-page').then(({ LearningPage }) => LearningPage),
    ['settings'],
  ),
})

const tutor = createRoute({
  getParentRoute: () => settings,
  path: 'tutor',
  component: lazyPage(
    () => import('@/features/settings/tutor-page').then(({ TutorPage }) => TutorPage),
    ['settings'],
  ),
})

const sound = createRoute({
  getParentRoute: () => settings,
  path: 'sound',
  component: lazyPage(
    () => import('@/features/settings/sound-page').then(({ SoundPage }) => SoundPage),
    ['settings', 'devices', 'talk'],
  ),
})

const display = createRoute({
  getParentRoute: () => settings,
  path: 'display',
  component: lazyPage(
    () => import('@/features/settings/display-page').then(({ DisplayPage }) => DisplayPage),
    ['settings'],
  ),
})

const memory = createRoute({
  getParentRoute: () => settings,
  path: 'memory',
  component: lazyPage(
    () => import('@/features/settings/memory-page').then(({ MemoryPage }) => MemoryPage),
    ['settings'],
  ),
})

const account = createRoute({
  getParentRoute: () => settings,
  path: 'account',
  component: lazyPage(
    () => import('@/features/settings/account-page').then(({ AccountPage }) => AccountPage),
    ['settings', 'auth'],
  ),
})

const data = createRoute({
  getParentRoute: () => settings,
  path: 'data',
  component: lazyPage(
    () => import('@/features/settings/data-page').then(({ DataPage }) => DataPage),
    ['settings'],
  ),
})

function MissingPage() {
  const { t } = useTranslation('common')
  return (
    <main>
      <Notice title={t('start.missing')} isPage>
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
