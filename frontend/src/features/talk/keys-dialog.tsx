import { Dialog } from '@/components/ui/dialog'
import { useMessages } from '@/lib/messages'

interface KeysDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

export function KeysDialog({ open, onOpenChange }: KeysDialogProps) {
  const { talk } = useMessages()
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={talk.keys}>
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-5 gap-y-3">
        {talk.keysList.map(({ key, does }) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded-small border border-edge px-2 py-1 font-operated text-small">
                {key}
              </kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
