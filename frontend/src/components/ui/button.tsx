import type { ButtonHTMLAttributes } from 'react'

type Weight = 'primary' | 'quiet' | 'danger'

const base =
  'inline-flex min-h-11 items-center justify-center gap-2 rounded-full px-5 text-base font-medium ' +
  'transition-[background-color,opacity] duration-150 disabled:opacity-60 no-underline'

const weights: Record<Weight, string> = {
  primary: 'bg-ink text-paper hover:opacity-90',
  quiet: 'border border-edge text-ink hover:bg-sunken',
  danger: 'bg-danger text-paper hover:opacity-90',
}

/** The look of something that acts; links that act wear it too. */
export function buttonLook(weight: Weight = 'primary'): string {
  return `${base} ${weights[weight]}`
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  weight?: Weight
}

export function Button({ weight = 'primary', className = '', ...rest }: ButtonProps) {
  return <button type="button" className={`${buttonLook(weight)} ${className}`} {...rest} />
}
