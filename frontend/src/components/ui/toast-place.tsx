import { Toast as Base } from '@base-ui/react/toast'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from './icon'
import { takePlace, type ToastNews } from './toast'

const STAYS_MS = 6_000

type ToastData = Pick<ToastNews, 'action' | 'onHeld'>

const toasts = Base.createToastManager<ToastData>()

function add({ id, title, note, action, urgent, staysMs, onHeld, onClosed }: ToastNews): void {
  toasts.add({
    ...(id === undefined ? {} : { id }),
    title,
    description: note,
    priority: urgent === true ? 'high' : 'low',
    ...(staysMs === undefined ? {} : { timeout: staysMs }),
    onClose: onClosed,
    data: { action, onHeld },
  })
}

/** Where toasts appear: at the foot of the page, over whatever page is shown. F6 goes there. */
export function ToastPlace() {
  const { t } = useTranslation('common')
  // Runs after the provider's own effect, so that the first toasts find it listening.
  useEffect(() => takePlace({ add, close: (id) => toasts.close(id) }), [])
  return (
    <Base.Provider toastManager={toasts} timeout={STAYS_MS} limit={2}>
      <Base.Portal>
        <Base.Viewport
          aria-label={t('toasts')}
          className="fixed inset-x-3 bottom-[max(0.75rem,env(safe-area-inset-bottom))] z-20 mx-auto flex max-w-112 flex-col-reverse gap-2 outline-none print:hidden"
        >
          <Shown />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  )
}

function Shown() {
  const { t } = useTranslation('common')
  const { toasts: shown, close } = Base.useToastManager<ToastData>()
  return shown.map((toast) => {
    const { action, onHeld } = toast.data ?? {}
    return (
      <Base.Root
        key={toast.id}
        toast={toast}
        className="flex items-center gap-1 rounded-field border border-edge bg-raised py-1 pr-1 pl-4 text-base text-ink shadow-floating transition-[opacity,translate] duration-200 data-ending-style:translate-y-2 data-ending-style:opacity-0 data-limited:hidden data-starting-style:translate-y-2 data-starting-style:opacity-0"
        onPointerEnter={() => onHeld?.(true)}
        onPointerLeave={() => onHeld?.(false)}
        onFocus={() => onHeld?.(true)}
        onBlur={() => onHeld?.(false)}
      >
        <div className="min-w-0 flex-1 py-2">
          <Base.Title render={<p />} className="font-medium" />
          <Base.Description className="text-small text-ink-soft" />
        </div>
        {action !== undefined && (
          <Base.Action
            className="min-h-11 shrink-0 rounded-full px-4 font-medium underline underline-offset-4 hover:bg-sunken"
            onClick={() => {
              action.onPress()
              close(toast.id)
            }}
          >
            {action.label}
          </Base.Action>
        )}
        <Base.Close
          // It is in sight, and so it is there for everybody.
          aria-hidden={false}
          aria-label={t('close')}
          className="flex size-11 shrink-0 items-center justify-center rounded-full text-ink-soft hover:bg-sunken hover:text-ink"
        >
          <Icon name="close" className="size-5" />
        </Base.Close>
      </Base.Root>
    )
  })
}
