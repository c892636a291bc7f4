import { useState, type SyntheticEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/components/ui/button'
import { TextField } from '@/components/ui/text-field'
import { orThrow } from '@/lib/api/client'
import type { User } from '@/lib/api/models'
import { asApiError } from '@/lib/api/problem'
import { wordsFor } from '@/lib/errors'
import { focusFirstWrong } from '@/lib/focus-field'
import { useServices } from '@/lib/services'
import { SettingRow } from './setting-row'

const EMPTY = { current: '', next: '' }
const FIELDS = ['current', 'next'] as const
type Errors = Partial<Record<keyof typeof EMPTY | 'whole', string>>

/** A new password for the old one. Half-typed it goes with the page, as a password should. */
export function PasswordForm({ user }: { user: User }) {
  const { t } = useTranslation(['settings', 'auth'])
  const { api } = useServices()
  const [typed, setTyped] = useState(EMPTY)
  const [errors, setErrors] = useState<Errors>({})
  const [state, setState] = useState<'idle' | 'busy' | 'done'>('idle')

  const write = (field: keyof typeof EMPTY) => (event: { target: { value: string } }) => {
    setTyped((before) => ({ ...before, [field]: event.target.value }))
    setErrors({})
    setState('idle')
  }
  const send = async (form: HTMLFormElement) => {
    const missing: Errors = {
      ...(typed.current === '' ? { current: t('password.missingCurrent') } : {}),
      ...(typed.next === '' ? { next: t('password.missingNext') } : {}),
    }
    setErrors(missing)
    if (focusFirstWrong(form, FIELDS, missing)) return
    setState('busy')
    try {
      const body = { current_password: typed.current, new_password: typed.next }
      await orThrow(api.POST('/auth/password', { body }))
      setTyped(EMPTY)
      setState('done')
    } catch (cause) {
      const wrong = errorsOf(cause)
      setErrors(wrong)
      setState('idle')
      focusFirstWrong(form, FIELDS, wrong)
    }
  }
  const errorsOf = (cause: unknown): Errors => {
    const error = asApiError(cause)
    if (error.code === 'invalid_credentials') return { current: t('password.wrong') }
    const isNew = error.fields.some(({ field }) => field === 'new_password')
    if (isNew) return { next: t('auth:invalid.password') }
    return { whole: wordsFor(cause) }
  }

  return (
    <SettingRow title={t('password.title')} hint={t('password.hint')}>
      <form
        className="flex flex-col gap-4"
        noValidate
        onSubmit={(event: SyntheticEvent<HTMLFormElement>) => {
          event.preventDefault()
          void send(event.currentTarget)
        }}
      >
        {/* So that a password manager knows whose password it is. */}
        <input
          type="text"
          hidden
          name="username"
          autoComplete="username"
          value={user.email}
          readOnly
        />
        <TextField
          label={t('password.current')}
          name="current"
          type="password"
          autoComplete="current-password"
          value={typed.current}
          error={errors.current}
          onChange={write('current')}
        />
        <TextField
          label={t('password.next')}
          name="next"
          type="password"
          autoComplete="new-password"
          hint={t('auth:passwordHint')}
          value={typed.next}
          error={errors.next}
          onChange={write('next')}
        />
        {errors.whole !== undefined && (
          <p role="alert" className="text-small text-danger">
            {errors.whole}
          </p>
        )}
        <div className="flex flex-wrap items-center gap-4">
          <Button type="submit" weight="quiet" disabled={state === 'busy'}>
            {t('password.change')}
          </Button>
          <p role="status" className="text-small text-ink-soft">
            {state === 'done' && t('password.done')}
          </p>
        </div>
      </form>
    </SettingRow>
  )
}
