import type { KeyboardEvent, ReactNode } from 'react'
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
  return (
    <div
      role="search"
      className="flex min-h-12 items-center gap-2 rounded-full border border-edge bg-raised pr-1 pl-4 text-ink-soft outline-offset-3 outline-ink has-[input:focus-visible]:outline-2 print:hidden"
    >
      <Icon name="search" className="size-5" />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        maxLength={LONGEST}
        dir="auto"
        autoComplete="off"
        enterKeyHint="search"
        className="min-h-11 min-w-0 flex-1 bg-transparent pr-3 text-base text-ink outline-none placeholder:text-ink-soft"
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {children}
    </div>
  )
}
