import { useEffect } from 'react'
import { useMessages } from './messages'

/** Names the browser's tab after the page in it. */
export function useDocumentTitle(page: string): void {
  const { app } = useMessages()
  useEffect(() => {
    document.title = `${page} · ${app.name}`
  }, [page, app.name])
}
