import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/components/ui/button'
import { Dialog, DialogNote } from '@/components/ui/dialog'
import { wordsFor } from '@/lib/errors'
import { useServices } from '@/lib/services'
import { SettingRow } from './setting-row'

export function SignOutEverywhere() {
  const { t } = useTranslation(['settings', 'common'])
  const { auth } = useServices()
  const [asked, setAsked] = useState(false)
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<string | null>(null)
  const signOut = async () => {
    setBusy(true)
    setFault(null)
    try {
      // Whoever is signed out is shown the door by the app itself.
      await auth.signOutEverywhere()
    } catch (cause) {
      setFault(wordsFor(cause))
      setBusy(false)
    }
  }
  return (
    <SettingRow title={t('signOut.title')} hint={t('signOut.hint')}>
      <Button weight="quiet" className="self-start" onClick={() => setAsked(true)}>
        {t('signOut.action')}
      </Button>
      <Dialog open={asked} onOpenChange={setAsked} title={t('signOut.ask')}>
        <DialogNote>{t('signOut.askHint')}</DialogNote>
        {fault !== null && (
          <p role="alert" className="text-small text-danger">
            {fault}
          </p>
        )}
        <div className="flex flex-wrap justify-end gap-3">
          <Button weight="quiet" onClick={() => setAsked(false)}>
            {t('common:cancel')}
          </Button>
          <Button disabled={busy} onClick={() => void signOut()}>
            {t('signOut.action')}
          </Button>
        </div>
      </Dialog>
    </SettingRow>
  )
}
