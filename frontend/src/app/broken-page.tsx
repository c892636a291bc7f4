import { Notice } from '@/components/notice'
import { Button } from '@/components/ui/button'
import { useTranslation } from 'react-i18next'

/** The last resort: a page whose own code failed. */
export function BrokenPage() {
  const { t } = useTranslation('common')
  return (
    <main>
      <Notice title={t('start.broken')} hint={t('start.brokenHint')} urgent>
        <Button onClick={() => window.location.reload()}>{t('start.reload')}</Button>
      </Notice>
    </main>
  )
}
