import { useEffect, useState, type ReactNode, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/ui/icon'

interface WriteFieldProps {
  field: RefObject<HTMLInputElement | null>
  onSend: (text: string) => void
  onLeave: () => void
}

/** Where one writes instead of speaking. Enter sends, Esc leaves. */
export function WriteField({ field, onSend, onLeave }: WriteFieldProps): ReactNode {
  const { t } = useTranslation('talk')
  const [text, setText] = useState('')

  // The field appears because somebody asked for it.
  useEffect(() => field.current?.focus(), [field])

  return (
    <form
      className="mx-auto flex w-full max-w-160 gap-2 px-4"
      onSubmit={(event) => {
        event.preventDefault()
        onSend(text)
        setText('')
      }}
    >
      <input
        ref={field}
        dir="auto"
        value={text}
        maxLength={2000}
        aria-label={t('field')}
        placeholder={t('field')}
        enterKeyHint="send"
        autoComplete="off"
        className="min-h-12 min-w-0 flex-1 rounded-full border border-edge bg-raised px-5 text-base text-ink placeholder:text-ink-soft"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onLeave()
        }}
      />
      <button
        type="submit"
        aria-label={t('send')}
        disabled={text.trim() === ''}
        className="flex size-12 shrink-0 items-center justify-center rounded-full bg-ink text-paper disabled:opacity-40"
      >
        <Icon name="send" />
      </button>
    </form>
  )
}
