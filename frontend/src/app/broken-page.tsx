import { useRouter, type ErrorComponentProps } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Notice } from '@/components/notice'
import { Button } from '@/components/ui/button'
import { connection } from '@/lib/connection'
import { PageNotHere } from './lazy-page'

/** Stands where a page could not be shown. */
export function BrokenPage({ error }: ErrorComponentProps) {
  return <main id="content">{error instanceof PageNotHere ? <PageAway /> : <PageFailed />}</main>
}

/** The page's own files did not come. It is tried again when the server is back, and by the button. */
function PageAway() {
  const { t } = useTranslation('common')
  const router = useRouter()
  useEffect(() => {
    connection.suspect()
    return connection.subscribe(() => {
      if (connection.snapshot() === 'up') void router.invalidate()
    })
  }, [router])
  return (
    <Notice title={t('start.away')} hint={t('start.awayHint')} urgent isPage>
      <Button onClick={() => void router.invalidate()}>{t('retry')}</Button>
    </Notice>
  )
}

/** The last resort: a page whose own code failed. */
function PageFailed() {
  const { t } = useTranslation('common')
  return (
    <Notice title={t('start.broken')} hint={t('start.brokenHint')} urgent isPage>
      <Button onClick={() => window.location.reload()}>{t('start.reload')}</Button>
    </Notice>
  )
}
