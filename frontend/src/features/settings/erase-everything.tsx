import { useState, type SyntheticEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/components/ui/button'
import { Dialog, DialogNote } from '@/components/ui/dialog'
import { TextField } from '@/components/ui/text-field'
import { asApiError } from '@/lib/api/problem'
import { wordsFor } from '@/lib/errors'
import { focusFirstWrong } from '@/lib/focus-field'
import { useServices } from '@/lib/services'
import { SettingRow } from './setting-row'

/** The end of the account, and of all that it holds. */
export function EraseEverything() {
  const { t } = useTranslation('settings')
  const [asked, setAsked] = useState(false)
  return (
    <SettingRow title={t('data.erase.title')} hint={t('data.erase.hint')}>
      <Button weight="danger" className="self-start" onClick={() => setAsked(true)}>
        {t('data.erase.action')}
      </Button>
      <Dialog open={asked} onOpenChange={setAsked} title={t('data.erase.ask')}>
        <DialogNote>{t('data.erase.askHint')}</DialogNote>
        <EraseForm onCancel={() => setAsked(false)} />
      </Dialog>
    </SettingRow>
  )
}

const FIELDS = ['word', 'password'] as const
type Errors = Partial<Record<(typeof FIELDS)[number] | 'whole', string>>

/** Two proofs: that one means it, and that one is who one says. */
function EraseForm({ onCancel }: { onCancel: () => void }) {
  const { t } = useTranslation(['settings', 'common'])
  const { auth } = useServices()
  const [word, setWord] = useState('')
  const [password, setPassword] = useState('')
  const [errors, setErrors] = useState<Errors>({})
  const [busy, setBusy] = useState(false)
  const wanted = t('data.erase.word')

  const erase = async (form: HTMLFormElement) => {
    const meant = word.trim().toUpperCase() === wanted
    const wrong: Errors = {
      ...(meant ? {} : { word: t('data.erase.wrongWord', { word: wanted }) }),
      ...(password === '' ? { password: t('password.missingCurrent') } : {}),
    }
    setErrors(wrong)
    if (focusFirstWrong(form, FIELDS, wrong)) return
    setBusy(true)
    try {
      // Nobody is signed in after this, and the app shows the door by itself.
      await auth.eraseEverything(password)
    } catch (cause) {
      const isPassword = asApiError(cause).code === 'invalid_credentials'
      const found: Errors = isPassword
        ? { password: t('password.wrong') }
        : { whole: wordsFor(cause) }
      setErrors(found)
      setBusy(false)
      focusFirstWrong(form, FIELDS, found)
    }
  }
  return (
    <form
      className="flex flex-col gap-4"
      noValidate
      onSubmit={(event: SyntheticEvent<HTMLFormElement>) => {
        event.preventDefault()
        void erase(event.currentTarget)
      }}
    >
      <TextField
        label={t('data.erase.typeWord', { word: wanted })}
        autoComplete="off"
        autoCapitalize="characters"
        name="word"
        value={word}
        error={errors.word}
        onChange={(event) => {
          setWord(event.target.value)
          setErrors({})
        }}
      />
      <TextField
        label={t('password.current')}
        type="password"
        autoComplete="current-password"
        name="password"
        value={password}
        error={errors.password}
        onChange={(event) => {
          setPassword(event.target.value)
          setErrors({})
        }}
      />
      {errors.whole !== undefined && (
        <p role="alert" className="text-small text-danger">
          {errors.whole}
        </p>
      )}
      <div className="flex flex-wrap justify-end gap-3">
        <Button weight="quiet" onClick={onCancel}>
          {t('common:cancel')}
        </Button>
        <Button type="submit" weight="danger" disabled={busy}>
          {t('data.erase.confirm')}
        </Button>
      </div>
    </form>
  )
}
