import { useState, type SyntheticEvent } from 'react'
import { asApiError, type ApiError } from '@/lib/api/problem'
import { wordsFor } from '@/lib/errors'
import { focusFirstWrong } from '@/lib/focus-field'
import { useTranslation } from 'react-i18next'

export type FieldName = 'email' | 'password' | 'name'

/** The API's names for the fields of our forms. */
const WIRE_NAMES: Record<string, FieldName | undefined> = {
  email: 'email',
  password: 'password',
  display_name: 'name',
}
/** Faults that belong to one field, though the API names none. */
const OWN_FIELD: Record<string, FieldName | undefined> = {
  invalid_credentials: 'password',
  email_taken: 'email',
}

export interface AuthForm {
  busy: boolean
  /** What is wrong with one field. */
  errors: Partial<Record<FieldName, string>>
  /** What is wrong with the whole. */
  fault: string | null
  submit: (event: SyntheticEvent<HTMLFormElement>) => void
}

/** Sends a form of the fields `names`, and puts each fault beside the field that it is about. */
export function useAuthForm(
  names: readonly FieldName[],
  send: (values: Record<FieldName, string>) => Promise<void>,
): AuthForm {
  const { t } = useTranslation('auth')
  const [busy, setBusy] = useState(false)
  const [errors, setErrors] = useState<AuthForm['errors']>({})
  const [fault, setFault] = useState<string | null>(null)

  const fieldErrors = (error: ApiError): AuthForm['errors'] => {
    const own = OWN_FIELD[error.code]
    if (own !== undefined) return { [own]: wordsFor(error) }
    const named = error.fields
      .map(({ field }) => WIRE_NAMES[field])
      .filter((name) => name !== undefined)
    return Object.fromEntries(named.map((name) => [name, t(`invalid.${name}`)]))
  }

  const submit = async (form: HTMLFormElement) => {
    const data = new FormData(form)
    const read = (name: FieldName) => {
      const value = data.get(name)
      return typeof value === 'string' ? value : ''
    }
    const values = {
      email: read('email').trim(),
      password: read('password'),
      name: read('name').trim(),
    }
    const empty = names.filter((name) => values[name] === '')
    const missing: AuthForm['errors'] = Object.fromEntries(
      empty.map((name) => [name, t(`missing.${name}`)]),
    )
    setErrors(missing)
    setFault(null)
    if (focusFirstWrong(form, names, missing)) return
    setBusy(true)
    try {
      await send(values)
    } catch (cause) {
      const error = asApiError(cause)
      const found = fieldErrors(error)
      setErrors(found)
      if (!focusFirstWrong(form, names, found)) setFault(wordsFor(error))
    } finally {
      setBusy(false)
    }
  }

  return {
    busy,
    errors,
    fault,
    submit: (event) => {
      event.preventDefault()
      void submit(event.currentTarget)
    },
  }
}
