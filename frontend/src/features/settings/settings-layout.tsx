import { Link, Outlet } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/ui/icon'
import { SECTIONS } from './sections'

/** Every settings page, with the list of all of them beside it where there is room. */
export function SettingsLayout() {
  const { t } = useTranslation('settings')
  return (
    <div className="mx-auto w-full max-w-248 flex-1 px-4 tablet:px-8 desk:grid desk:grid-cols-[15rem_minmax(0,1fr)] desk:gap-12">
      <nav aria-label={t('title')} className="hidden pt-7 desk:block">
        <ul className="sticky top-7 flex flex-col gap-1">
          {SECTIONS.map(({ name, path, icon }) => (
            <li key={name}>
              <Link
                to={path}
                className="flex min-h-11 items-center gap-3 rounded-full px-4 text-base text-ink-soft hover:text-ink aria-[current=page]:bg-sunken aria-[current=page]:font-medium aria-[current=page]:text-ink"
              >
                <Icon name={icon} className="size-5" />
                {t(`sections.${name}.title`)}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <Outlet />
    </div>
  )
}
