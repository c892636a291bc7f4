import { useRef, type KeyboardEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/ui/icon'

interface SearchFieldProps {
  label: string
  value: string
  onChange: (typed: string) => void
  onKeyDown?: (event: KeyboardEvent<HTMLInputElement>) => void
  /** What stands at the field's end: how much was found, and ways through it. */
  children?: ReactNode
}

/** More than this the server does not look for. */
const LONGEST = 200

export function SearchField({ label, value, onChange, onKeyDown, children }: SearchFieldProps) {
  const { t } = useTranslation('history')
  const field = useRef<HTMLInputElement>(null)
  return (
    <div
      role="search"
      className="flex min-h-12 flex-wrap items-center justify-end gap-x-[8px] rounded-card border border-edge bg-raised pr-[4px] pl-[14px] text-ink-soft outline-offset-3 outline-ink has-[input:focus-visible]:outline-2 print:hidden"
    >
      <Icon name="search" className="size-5" />
      <input
        ref={field}
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        maxLength={LONGEST}
        dir="auto"
        autoComplete="off"
        enterKeyHint="search"
        className="min-h-11 min-w-0 flex-[1_1_7rem] bg-transparent pr-[8px] [&::-webkit-search-cancel-button]:hidden text-base text-ink outline-none placeholder:text-ink-soft"
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {value !== '' && (
        <button
          type="button"
          aria-label={t('search.clear')}
          className="flex size-11 items-center justify-center rounded-full hover:bg-sunken hover:text-ink"
          onClick={() => {
            onChange('')
            field.current?.focus()
          }}
        >
          <Icon name="close" className="size-5" />
        </button>
      )}
      {children}
    </div>
  )
}
