import type { ReactNode } from 'react'

interface NoticeProps {
  title: string
  hint?: string | undefined
  /** A fault is announced at once; an empty list is not news. */
  urgent?: boolean
  children?: ReactNode
}

/** A page or list with nothing to show, and the one thing to do about it. */
export function Notice({ title, hint, urgent = false, children }: NoticeProps) {
  return (
    <div
      role={urgent ? 'alert' : undefined}
      className="mx-auto flex max-w-96 flex-col items-center gap-3 px-4 py-16 text-center"
    >
      <p className="font-said text-title">{title}</p>
      {hint !== undefined && <p className="text-base text-ink-soft">{hint}</p>}
      {children !== undefined && <div className="pt-3">{children}</div>}
    </div>
  )
}
