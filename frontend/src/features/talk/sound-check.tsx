import { useState, type ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import { FaultLine } from '@/components/fault-line'
import type { SoundDialogProps } from '@/features/devices/sound-dialog'
import { loadWords } from '@/lib/i18n'

const load = async () => {
  await loadWords(['devices'])
  const { SoundDialog } = await import('@/features/devices/sound-dialog')
  return SoundDialog
}

/** The way to try microphone and loudspeaker before the first word; fetched for those who take it. */
export function SoundCheck() {
  const { t } = useTranslation('talk')
  const [Dialog, setDialog] = useState<ComponentType<SoundDialogProps> | null>(null)
  const [open, setOpen] = useState(false)
  const [fault, setFault] = useState<unknown>(null)
  const show = () => {
    setOpen(true)
    setFault(null)
    load().then((loaded) => setDialog(() => loaded), setFault)
  }
  if (fault !== null) return <FaultLine fault={fault} onRetry={show} />
  return (
    <>
      <button
        type="button"
        className="min-h-11 rounded-full px-4 text-base text-ink-soft underline underline-offset-4 hover:text-ink"
        onClick={show}
      >
        {t('soundCheck')}
      </button>
      {Dialog !== null && <Dialog open={open} onOpenChange={setOpen} />}
    </>
  )
}
