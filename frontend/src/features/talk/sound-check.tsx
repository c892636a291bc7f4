import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { loadWords } from '@/lib/i18n'

const SoundDialog = lazy(async () => {
  await loadWords(['devices'])
  return import('@/features/devices/sound-dialog')
})

/** The way to try microphone and loudspeaker before the first word; fetched for those who take it. */
export function SoundCheck() {
  const { t } = useTranslation('talk')
  const [wanted, setWanted] = useState(false)
  const [open, setOpen] = useState(false)
  return (
    <>
      <button
        type="button"
        className="min-h-11 rounded-full px-4 text-base text-ink-soft underline underline-offset-4 hover:text-ink"
        onClick={() => {
          setWanted(true)
          setOpen(true)
        }}
      >
        {t('soundCheck')}
      </button>
      {wanted && (
        <Suspense>
          <SoundDialog open={open} onOpenChange={setOpen} />
        </Suspense>
      )}
    </>
  )
}
