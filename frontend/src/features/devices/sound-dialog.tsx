import { useTranslation } from 'react-i18next'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { MicrophoneCheck } from './microphone-check'

export interface SoundDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** The check of the microphone on top of the page that one is about to talk on. */
export function SoundDialog({ open, onOpenChange }: SoundDialogProps) {
  const { t } = useTranslation(['devices', 'common'])
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t('title')}>
      <MicrophoneCheck brief />
      <Button weight="quiet" onClick={() => onOpenChange(false)}>
        {t('common:close')}
      </Button>
    </Dialog>
  )
}
