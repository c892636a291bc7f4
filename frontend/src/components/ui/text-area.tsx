import { useId, type TextareaHTMLAttributes } from 'react'

interface TextAreaProps extends Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'id'> {
  label: string
  hint: string
  invalid?: boolean
}

/** A labelled field for a few sentences, which grows with them. */
export function TextArea({ label, hint, invalid = false, ...rest }: TextAreaProps) {
  const id = useId()
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-small font-medium">
        {label}
      </label>
      <textarea
        id={id}
        dir="auto"
        className={`field-sizing-content min-h-24 w-full resize-none rounded-field border bg-paper px-4 py-3 text-base text-ink ${
          invalid ? 'border-danger' : 'border-edge'
        }`}
        aria-invalid={invalid}
        aria-describedby={`${id}-hint`}
        {...rest}
      />
      <p id={`${id}-hint`} className="text-small text-ink-soft">
        {hint}
      </p>
    </div>
  )
}
