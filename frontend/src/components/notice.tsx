import type { ReactNode } from 'react'

interface NoticeProps {
  title: string
  hint?: string | undefined
  /** A fault is announced at once; an empty list is not news. */
  urgent?: boolean
  /** It is all that the page says. */
  isPage?: boolean
  children?: ReactNode
}

/** A page or list with nothing to show, and the one thing to do about it. */
export function Notice({ title, hint, urgent = false, isPage = false, children }: NoticeProps) {
  const Title = isPage ? 'h1' : 'p'
  return (
    <div
      role={urgent ? 'alert' : undefined}
      className="mx-auto flex max-w-96 flex-col items-center gap-3 px-4 py-16 text-center"
    >
      <Title className="font-said text-title">{title}</Title>
      {hint !== undefined && <p className="text-base text-ink-soft">{hint}</p>}
      {children !== undefined && <div className="pt-3">{children}</div>}
    </div>
  )
}
