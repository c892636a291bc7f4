import { Dialog } from '@/components/ui/dialog'
import { useTranslation } from 'react-i18next'

interface KeysDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  /** Push-to-talk: Space is held, not pressed. */
  holds: boolean
}

export function KeysDialog({ open, onOpenChange, holds }: KeysDialogProps) {
  const { t } = useTranslation('talk')
  const keys = [
    { key: t('keysList.space'), does: holds ? t('keysList.hold') : t('keysList.mute') },
    { key: 'T', does: t('keysList.type') },
    { key: t('keysList.escape'), does: t('keysList.leave') },
    { key: '?', does: t('keysList.help') },
  ]
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t('keys')}>
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-5 gap-y-3">
        {keys.map(({ key, does }) => (
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
