import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'

/** Names the browser's tab after the page in it. */
export function useDocumentTitle(page: string): void {
  const { t } = useTranslation('common')
  const app = t('name')
  useEffect(() => {
    document.title = `${page} · ${app}`
  }, [page, app])
}
