import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { TextField } from '@/components/ui/text-field'
import { useDocumentTitle } from '@/lib/document-title'
import { wordsFor } from '@/lib/errors'
import { useTranslation } from 'react-i18next'
import { useServices } from '@/lib/services'
import { AuthCard } from './auth-card'
import { useAuthForm } from './use-auth-form'

export function SignInPage() {
  const { t } = useTranslation('auth')
  useDocumentTitle(t('signIn'))
  const { auth, config } = useServices()
  const form = useAuthForm(['email', 'password'], ({ email, password }) =>
    auth.signIn(email, password),
  )
  return (
    <AuthCard title={t('signIn')}>
      <form className="flex flex-col gap-5" noValidate onSubmit={form.submit}>
        <TextField
          label={t('email')}
          name="email"
          type="email"
          autoComplete="username"
          error={form.errors.email}
        />
        <TextField
          label={t('password')}
          name="password"
          type="password"
          autoComplete="current-password"
          error={form.errors.password}
        />
        {form.fault !== null && <Fault words={form.fault} />}
        <Button type="submit" disabled={form.busy}>
          {form.busy ? t('signingIn') : t('signIn')}
        </Button>
      </form>
      {config.demo !== null && <DemoDoor {...config.demo} />}
      <p className="text-center text-base text-ink-soft">
        {t('noAccount')}{' '}
        <Link to="/register" className="font-medium text-ink underline underline-offset-4">
          {t('register')}
        </Link>
      </p>
    </AuthCard>
  )
}

export const Fault = ({ words }: { words: string }) => (
  <p role="alert" className="text-base text-danger">
    {words}
  </p>
)

function DemoDoor({ email, password }: { email: string; password: string }) {
  const { t } = useTranslation('auth')
  const { auth } = useServices()
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<string | null>(null)
  const enter = async () => {
    setBusy(true)
    try {
      await auth.signIn(email, password)
    } catch (cause) {
      setFault(wordsFor(cause))
      setBusy(false)
    }
  }
  return (
    <div className="flex flex-col gap-2 border-t border-line pt-5">
      <Button weight="quiet" disabled={busy} onClick={() => void enter()}>
        {t('demo')}
      </Button>
      {fault === null ? (
        <p className="text-center text-small text-ink-soft">{t('demoHint')}</p>
      ) : (
        <Fault words={fault} />
      )}
    </div>
  )
}
