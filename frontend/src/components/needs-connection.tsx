import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { buttonLook } from '@/components/ui/button'
import { Notice } from './notice'

/** In place of the talk while there is nobody to talk with; what does work is one move away. */
export function NeedsConnection() {
  const { t } = useTranslation('common')
  return (
    <Notice title={t('needsConnection.title')} hint={t('needsConnection.hint')}>
      <Link to="/history" className={buttonLook('quiet')}>
        {t('needsConnection.history')}
      </Link>
    </Notice>
  )
}
