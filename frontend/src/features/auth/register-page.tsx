import { Link } from '@tanstack/react-router'
import { Button } from '@/components/ui/button'
import { TextField } from '@/components/ui/text-field'
import { useDocumentTitle } from '@/lib/document-title'
import { useTranslation } from 'react-i18next'
import { useLanguage } from '@/lib/i18n'
import { useServices } from '@/lib/services'
import { deviceTimeZone } from '@/lib/time-zones'
import { AuthCard } from './auth-card'
import { Fault } from './sign-in-page'
import { useAuthForm } from './use-auth-form'

export function RegisterPage() {
  const { t } = useTranslation('auth')
  useDocumentTitle(t('register'))
  const { auth } = useServices()
  const language = useLanguage()
  const form = useAuthForm(['name', 'email', 'password'], ({ name, email, password }) =>
    auth.register(email, password, name, {
      time_zone: deviceTimeZone(),
      ui_language: language,
    }),
  )
  return (
    <AuthCard title={t('register')}>
      <form className="flex flex-col gap-5" noValidate onSubmit={form.submit}>
        <TextField
          label={t('name')}
          name="name"
          autoComplete="name"
          hint={t('nameHint')}
          error={form.errors.name}
        />
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
          autoComplete="new-password"
          hint={t('passwordHint')}
          error={form.errors.password}
        />
        {form.fault !== null && <Fault words={form.fault} />}
        <Button type="submit" disabled={form.busy}>
          {form.busy ? t('registering') : t('register')}
        </Button>
      </form>
      <p className="text-center text-base text-ink-soft">
        {t('haveAccount')}{' '}
        <Link to="/sign-in" className="font-medium text-ink underline underline-offset-4">
          {t('signIn')}
        </Link>
      </p>
    </AuthCard>
  )
}
