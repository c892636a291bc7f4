import { Link, Outlet } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { AccountButton } from './account-button'
import { ConnectionLine } from './connection-line'
import { useKeptLatest } from './use-kept-latest'

/** What stands around every page of a signed-in learner. */
export function Shell() {
  const { t } = useTranslation('common')
  useKeptLatest()
  return (
    <div className="flex h-dvh flex-col print:h-auto">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:z-10 focus:m-2 focus:rounded-full focus:bg-ink focus:px-4 focus:py-2 focus:text-paper"
      >
        {t('skip')}
      </a>
      <header className="flex min-h-14 shrink-0 flex-wrap items-center gap-x-1 border-b print:hidden border-line px-3 tablet:px-6 flat:min-h-11">
        <Link
          to="/"
          className="mr-auto flex min-h-11 items-center gap-2 rounded-small px-2 font-said text-reading font-medium"
        >
          <Rings />
          {t('name')}
        </Link>
        <nav className="flex">
          <Tab to="/" name={t('nav.talk')} />
          <Tab to="/history" name={t('nav.history')} />
          {/* A phone has no room for a third; there the way leads through the account's menu. */}
          <span className="hidden tablet:flex">
            <Tab to="/settings" name={t('nav.settings')} />
          </span>
        </nav>
        <AccountButton />
      </header>
      <ConnectionLine />
      <div
        data-page-scroller
        data-scroll-restoration-id="page"
        className="flex min-h-0 flex-1 flex-col overflow-y-auto print:overflow-visible"
      >
        <Outlet />
      </div>
    </div>
  )
}

const Rings = () => (
  <svg viewBox="0 0 32 32" className="size-6" fill="none" strokeWidth="3" aria-hidden="true">
    <circle cx="16" cy="16" r="13" className="stroke-tutor" />
    <circle cx="16" cy="16" r="6.5" className="stroke-learner" />
  </svg>
)

function Tab({ to, name }: { to: '/' | '/history' | '/settings'; name: string }) {
  return (
    <Link
      to={to}
      activeOptions={{ exact: to === '/' }}
      className="flex min-h-11 items-center rounded-full px-3 text-base text-ink-soft hover:text-ink aria-[current=page]:font-medium aria-[current=page]:text-ink"
    >
      {name}
    </Link>
  )
}
