import { Select as Base } from '@base-ui/react/select'
import { useId } from 'react'
import { Icon } from './icon'
import { floating, floatingRow, trigger } from './looks'

interface SelectProps<T extends string> {
  label: string
  hint?: string | undefined
  options: readonly { value: T; label: string }[]
  value: T
  disabled?: boolean
  onChoose: (value: T) => void
}

/** One of several in a list that opens, for choices that need no explanation. */
export function Select<T extends string>(props: SelectProps<T>) {
  const { label, hint, options, value, disabled = false, onChoose } = props
  const id = useId()
  return (
    <Base.Root
      items={options}
      value={value}
      disabled={disabled}
      onValueChange={(chosen) => {
        if (chosen !== null) onChoose(chosen)
      }}
    >
      <div className="flex flex-col gap-1.5">
        <Base.Label className="text-small font-medium">{label}</Base.Label>
        <Base.Trigger
          className={trigger}
          aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        >
          <Base.Value className="min-w-0" />
          <Icon name="chevron" className="size-5 text-ink-soft" />
        </Base.Trigger>
        {hint !== undefined && (
          <p id={`${id}-hint`} className="text-small text-ink-soft">
            {hint}
          </p>
        )}
      </div>
      <Base.Portal>
        <Base.Positioner alignItemWithTrigger={false} sideOffset={4} collisionPadding={12}>
          <Base.Popup className={floating}>
            <Base.List className="max-h-[min(20rem,var(--available-height))] overflow-y-auto">
              {options.map((option) => (
                <Base.Item key={option.value} value={option.value} className={floatingRow}>
                  <span className="flex size-5 shrink-0 items-center justify-center">
                    <Base.ItemIndicator>
                      <Icon name="check" className="size-5" />
                    </Base.ItemIndicator>
                  </span>
                  <Base.ItemText className="min-w-0 break-words">{option.label}</Base.ItemText>
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
