import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { buttonLook } from '@/components/ui/button'

/** In place of the talk while there is nobody to talk with; what does work is one move away. */
export function NeedsConnection() {
  const { t } = useTranslation('common')
  return (
    <div className="mx-auto flex max-w-96 flex-col items-center gap-3 px-4 py-12 text-center">
      <OpenRings />
      <h1 className="pt-6 font-said text-title text-balance">{t('needsConnection.title')}</h1>
      <p className="text-base text-balance text-ink-soft">{t('needsConnection.hint')}</p>
      <div className="pt-3">
        <Link to="/history" className={buttonLook('quiet')}>
          {t('needsConnection.history')}
        </Link>
      </div>
    </div>
  )
}

/** Our two rings, without their voices: the outer one does not close. */
const OpenRings = () => (
  <svg
    viewBox="0 0 160 160"
    className="size-36 stroke-edge"
    fill="none"
    strokeWidth="3"
    strokeLinecap="round"
    aria-hidden="true"
  >
    <circle cx="80" cy="80" r="72" pathLength="100" strokeDasharray="86 14" />
    <circle cx="80" cy="80" r="36" />
  </svg>
)
