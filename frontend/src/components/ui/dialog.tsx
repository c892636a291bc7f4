import { Dialog as Base } from '@base-ui/react/dialog'
import type { ReactNode } from 'react'

interface DialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  /** Where the focus goes when it closes, if not back to where it was: that may be gone by then. */
  focusAfter?: () => HTMLElement | null
  children: ReactNode
}

/** A question or a note that waits for an answer; Esc and a press outside close it. */
export function Dialog({ open, onOpenChange, title, focusAfter, children }: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 bg-ink/30" />
        <Base.Popup
          finalFocus={focusAfter}
          className="fixed top-1/2 left-1/2 flex max-h-[85dvh] w-[calc(100vw-2rem)] max-w-100 -translate-x-1/2 -translate-y-1/2 flex-col gap-4 overflow-y-auto rounded-card bg-raised p-6 text-ink shadow-floating outline-none"
        >
          <Base.Title className="text-title font-said">{title}</Base.Title>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

/** The words below a dialog's title, read out with it. */
export const DialogNote = ({ children }: { children: ReactNode }) => (
  <Base.Description className="text-base text-ink-soft">{children}</Base.Description>
)
