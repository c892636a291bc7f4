import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/components/ui/button'

interface MoreBelowProps {
  label: string
  busy: boolean
  /** Why the last try failed: from then on one presses, as scrolling would try without end. */
  fault: string | null
  onMore: () => void
}

/** How far ahead of the eye more is fetched. */
const AHEAD = '600px'

/** The end of a list that goes on: more comes as one scrolls near, or at a press. */
export function MoreBelow({ label, busy, fault, onMore }: MoreBelowProps) {
  const { t } = useTranslation('common')
  const place = useRef<HTMLDivElement>(null)
  const waits = !busy && fault === null
  useEffect(() => {
    if (!waits || place.current === null) return
    const eye = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting === true) onMore()
      },
      { root: place.current.closest('[data-page-scroller]'), rootMargin: AHEAD },
    )
    eye.observe(place.current)
    return () => eye.disconnect()
  }, [waits, onMore])
  return (
    <div ref={place} className="flex flex-col items-center gap-2 pt-6">
      {fault !== null && (
        <p role="alert" className="text-base text-danger">
          {fault}
        </p>
      )}
      <Button weight="quiet" disabled={busy} onClick={onMore}>
        {busy ? t('loading') : fault === null ? label : t('retry')}
      </Button>
    </div>
  )
}
