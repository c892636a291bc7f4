import { Combobox as Base } from '@base-ui/react/combobox'
import { useId, useState } from 'react'
import { Icon } from './icon'
import { floating, floatingRow, trigger } from './looks'

export interface ComboboxItem {
  value: string
  label: string
  /** Said in smaller letters below, such as a language's own name for itself. */
  note?: string | undefined
  /** The note's language, when it is not the page's. */
  noteLang?: string | undefined
}

interface ComboboxProps {
  label: string
  hint?: string | undefined
  error?: string | undefined
  value: ComboboxItem
  /** What fits what was typed; for nothing typed, all there is. */
  find: (query: string) => ComboboxItem[]
  onChoose: (value: string) => void
  /** The words in the empty search field. */
  searchLabel: string
  nothingFound: string
}

/** One of many, found by typing: a button with the present one, and behind it a field with a list. */
export function Combobox(props: ComboboxProps) {
  const { label, hint, error, value, find, onChoose } = props
  const id = useId()
  const [query, setQuery] = useState('')
  const [open, setOpen] = useState(false)
  const items = open ? find(query) : [value]
  const note = error ?? hint
  return (
    <Base.Root
      items={items}
      filteredItems={items}
      value={value}
      inputValue={query}
      open={open}
      autoHighlight
      isItemEqualToValue={(item, chosen) => item?.value === chosen?.value}
      onOpenChange={(opened) => {
        setQuery('')
        setOpen(opened)
      }}
      onInputValueChange={setQuery}
      onValueChange={(chosen: ComboboxItem | null) => {
        if (chosen !== null) onChoose(chosen.value)
      }}
    >
      <div className="flex flex-col gap-1.5">
        <Base.Label className="text-small font-medium">{label}</Base.Label>
        <Base.Trigger
          className={`${trigger} ${error === undefined ? '' : 'border-danger'}`}
          aria-invalid={error !== undefined}
          aria-describedby={note === undefined ? undefined : `${id}-note`}
        >
          <span className="min-w-0">{value.label}</span>
          <Icon name="chevron" className="size-5 text-ink-soft" />
        </Base.Trigger>
        {note !== undefined && (
          <p
            id={`${id}-note`}
            className={`text-small ${error === undefined ? 'text-ink-soft' : 'text-danger'}`}
          >
            {note}
          </p>
        )}
      </div>
      <Base.Portal>
        <Base.Positioner sideOffset={4} collisionPadding={12}>
          <Base.Popup className={floating} aria-label={label}>
            <Base.Input
              placeholder={props.searchLabel}
              aria-label={props.searchLabel}
              className="mb-1.5 min-h-11 w-full rounded-small border border-edge bg-paper px-3 text-base text-ink"
            />
            <Base.Empty>
              <p className="px-3 py-3 text-base text-ink-soft">{props.nothingFound}</p>
            </Base.Empty>
            <Base.List className="max-h-[min(22rem,calc(var(--available-height)-5rem))] overflow-y-auto overscroll-contain">
              {(item: ComboboxItem) => (
                <Base.Item key={item.value} value={item} className={floatingRow}>
                  <span className="flex size-5 shrink-0 items-center justify-center">
                    <Base.ItemIndicator>
                      <Icon name="check" className="size-5" />
                    </Base.ItemIndicator>
                  </span>
                  <span className="min-w-0">
                    <span className="block">{item.label}</span>
                    {item.note !== undefined && (
                      <span
                        lang={item.noteLang}
                        dir="auto"
                        className="block text-small text-ink-soft"
                      >
                        {item.note}
                      </span>
                    )}
                  </span>
                </Base.Item>
              )}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
