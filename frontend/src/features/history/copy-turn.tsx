import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/ui/icon'

const SAYS_SO_MS = 2_000

/** Puts one turn's words into the clipboard. */
export function CopyTurn({ text }: { text: string }) {
  const { t } = useTranslation('history')
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), SAYS_SO_MS)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = () => {
    // A browser may refuse; the words can still be marked by hand.
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => undefined,
    )
  }
  return (
    <>
      <span role="status" className="sr-only">
        {copied && t('copied')}
      </span>
      <button
        type="button"
        aria-label={t('copy')}
        className="flex size-11 items-center justify-center rounded-full text-ink-soft hover:bg-sunken hover:text-ink"
        onClick={copy}
      >
        <Icon name={copied ? 'check' : 'copy'} className="size-4.5" />
      </button>
    </>
  )
}
