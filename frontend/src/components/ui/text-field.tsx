import { useId, useState, type InputHTMLAttributes } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from './icon'

interface TextFieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'id'> {
  label: string
  hint?: string
  error?: string | undefined
}

/** A labelled field with its hint below, and what is wrong with it in the hint's place. */
export function TextField({ label, hint, error, type = 'text', ...rest }: TextFieldProps) {
  const id = useId()
  const { t } = useTranslation('common')
  const [shown, setShown] = useState(false)
  const secret = type === 'password'
  const note = error ?? hint
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-small font-medium">
        {label}
      </label>
      <div className="relative">
        <input
          id={id}
          type={secret && shown ? 'text' : type}
          className={`min-h-12 w-full rounded-field border bg-paper px-4 text-base text-ink ${
            error === undefined ? 'border-edge' : 'border-danger'
          } ${secret ? 'pr-13' : ''}`}
          aria-invalid={error !== undefined}
          aria-describedby={note === undefined ? undefined : `${id}-note`}
          {...rest}
        />
        {secret && (
          <button
            type="button"
            className="absolute inset-y-0 right-0.5 my-auto flex size-11 items-center justify-center rounded-full text-ink-soft hover:text-ink"
            aria-label={shown ? t('hidePassword') : t('showPassword')}
            onClick={() => setShown(!shown)}
          >
            <Icon name={shown ? 'eyeOff' : 'eye'} className="size-5" />
          </button>
        )}
      </div>
      {note !== undefined && (
        <p
          id={`${id}-note`}
          className={`text-small ${error === undefined ? 'text-ink-soft' : 'text-danger'}`}
        >
          {note}
        </p>
      )}
    </div>
  )
}
