import { useEffect, useState, type ReactNode, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/ui/icon'

interface WriteFieldProps {
  isOpen: boolean
  field: RefObject<HTMLInputElement | null>
  onSend: (text: string) => void
  onLeave: () => void
}

/** Where one writes instead of speaking. Enter sends, Esc leaves; what was not sent is there when one comes back. */
export function WriteField({ isOpen, field, onSend, onLeave }: WriteFieldProps): ReactNode {
  const { t } = useTranslation('talk')
  const [text, setText] = useState('')

  // The field appears because somebody asked for it.
  useEffect(() => {
    if (isOpen) field.current?.focus()
  }, [isOpen, field])

  return (
    <form
      hidden={!isOpen}
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
          // Of letters that are still being put together, Esc takes back those.
          if (event.key !== 'Escape' || event.nativeEvent.isComposing) return
          // The next key is for the page, at once.
          event.currentTarget.blur()
          onLeave()
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
