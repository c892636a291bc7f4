import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { TextField } from '@/components/ui/text-field'
import { useDocumentTitle } from '@/lib/document-title'
import { wordsFor } from '@/lib/errors'
import { useMessages } from '@/lib/messages'
import { useServices } from '@/lib/services'
import { AuthCard } from './auth-card'
import { useAuthForm } from './use-auth-form'

export function SignInPage() {
  const messages = useMessages()
  const { auth: words } = messages
  useDocumentTitle(words.signIn)
  const { auth, config } = useServices()
  const form = useAuthForm(['email', 'password'], ({ email, password }) =>
    auth.signIn(email, password),
  )
  return (
    <AuthCard title={words.signIn}>
      <form className="flex flex-col gap-5" noValidate onSubmit={form.submit}>
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
          autoComplete="current-password"
          error={form.errors.password}
        />
        {form.fault !== null && <Fault words={form.fault} />}
        <Button type="submit" disabled={form.busy}>
          {form.busy ? words.signingIn : words.signIn}
        </Button>
      </form>
      {config.demo !== null && <DemoDoor {...config.demo} />}
      <p className="text-center text-base text-ink-soft">
        {words.noAccount}{' '}
        <Link to="/register" className="font-medium text-ink underline underline-offset-4">
          {words.register}
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
  const messages = useMessages()
  const { auth } = useServices()
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<string | null>(null)
  const enter = async () => {
    setBusy(true)
    try {
      await auth.signIn(email, password)
    } catch (cause) {
      setFault(wordsFor(cause, messages))
      setBusy(false)
    }
  }
  return (
    <div className="flex flex-col gap-2 border-t border-line pt-5">
      <Button weight="quiet" disabled={busy} onClick={() => void enter()}>
        {messages.auth.demo}
      </Button>
      {fault === null ? (
        <p className="text-center text-small text-ink-soft">{messages.auth.demoHint}</p>
      ) : (
        <Fault words={fault} />
      )}
    </div>
  )
}
