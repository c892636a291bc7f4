import { Link } from '@tanstack/react-router'
import { Button } from '@/components/ui/button'
import { TextField } from '@/components/ui/text-field'
import { useDocumentTitle } from '@/lib/document-title'
import { useMessages } from '@/lib/messages'
import { useServices } from '@/lib/services'
import { AuthCard } from './auth-card'
import { Fault } from './sign-in-page'
import { useAuthForm } from './use-auth-form'

export function RegisterPage() {
  const { auth: words } = useMessages()
  useDocumentTitle(words.register)
  const { auth } = useServices()
  const form = useAuthForm(['name', 'email', 'password'], ({ name, email, password }) =>
    auth.register(email, password, name),
  )
  return (
    <AuthCard title={words.register}>
      <form className="flex flex-col gap-5" noValidate onSubmit={form.submit}>
        <TextField
          label={words.name}
          name="name"
          autoComplete="name"
          hint={words.nameHint}
          error={form.errors.name}
        />
        <TextField
          label={words.email}
          name="email"
          type="email"
          autoComplete="username"
          error={form.errors.email}
        />
        <TextField
          label={words.password}
          name="password"
          type="password"
          autoComplete="new-password"
          hint={words.passwordHint}
          error={form.errors.password}
        />
        {form.fault !== null && <Fault words={form.fault} />}
        <Button type="submit" disabled={form.busy}>
          {form.busy ? words.registering : words.register}
        </Button>
      </form>
      <p className="text-center text-base text-ink-soft">
        {words.haveAccount}{' '}
        <Link to="/sign-in" className="font-medium text-ink underline underline-offset-4">
          {words.signIn}
        </Link>
      </p>
    </AuthCard>
  )
}
