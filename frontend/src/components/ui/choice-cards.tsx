import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import { useId, type ReactNode } from 'react'

export interface Choice<T extends string> {
  value: T
  label: ReactNode
  hint?: ReactNode
  /** The label is in another language than the page. */
  lang?: string
  /** Something of its own beside the choice, such as a button to hear it. */
  aside?: ReactNode
}

interface ChoiceCardsProps<T extends string> {
  choices: readonly Choice<T>[]
  value: T
  onChoose: (value: T) => void
  /** The id of what names the group. */
  labelledBy: string
  describedBy?: string | undefined
  invalid?: boolean
  /** Short choices stand side by side where there is room: all of them, or as many as fit. */
  columns?: boolean | 'fitting'
}

/** One of a few, each with room for a line that says what it means. */
export function ChoiceCards<T extends string>(props: ChoiceCardsProps<T>) {
  const { choices, value, onChoose, labelledBy, describedBy, invalid = false } = props
  return (
    <RadioGroup
      value={value}
      onValueChange={(chosen) => onChoose(chosen)}
      aria-labelledby={labelledBy}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      className={`grid gap-2 ${columnsLook(props.columns ?? false)}`}
    >
      {choices.map((choice) => (
        <Card key={choice.value} choice={choice} />
      ))}
    </RadioGroup>
  )
}

function columnsLook(columns: boolean | 'fitting'): string {
  if (columns === 'fitting') return 'grid-cols-[repeat(auto-fill,minmax(min(9.5rem,100%),1fr))]'
  return columns ? 'tablet:grid-flow-col tablet:auto-cols-fr' : 'grid-cols-[minmax(0,1fr)]'
}

function Card<T extends string>({ choice }: { choice: Choice<T> }) {
  const id = useId()
  const { value, label, hint, lang, aside } = choice
  return (
    <div className="flex min-h-14 items-center rounded-field border border-line bg-raised pr-2 hover:border-edge has-data-checked:border-ink">
      <label className="flex min-w-0 flex-1 cursor-pointer items-start gap-3 self-stretch py-3.5 pl-4">
        <Radio.Root
          value={value}
          aria-labelledby={`${id}-name`}
          aria-describedby={hint === undefined ? undefined : `${id}-hint`}
          className="mt-0.5 flex size-5 shrink-0 items-center justify-center rounded-full border border-edge data-checked:border-ink"
        >
          <Radio.Indicator className="size-2.5 rounded-full bg-ink" />
        </Radio.Root>
        <span className="min-w-0">
          <span id={`${id}-name`} lang={lang} className="block text-base font-medium">
            {label}
          </span>
          {hint !== undefined && (
            <span id={`${id}-hint`} className="block text-small text-ink-soft">
              {hint}
            </span>
          )}
        </span>
      </label>
      {aside}
    </div>
  )
}
