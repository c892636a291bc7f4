import { Menu as Base } from '@base-ui/react/menu'
import { Link, type LinkProps } from '@tanstack/react-router'
import { useEffect, useState, type ReactElement, type ReactNode } from 'react'
import { Icon } from './icon'

interface MenuProps {
  /** What opens it: one button. */
  trigger: ReactElement
  side?: 'top' | 'bottom'
  /** Open as soon as it is there. */
  opensAtOnce?: boolean
  children: ReactNode
}

export function Menu({ trigger, side = 'bottom', opensAtOnce = false, children }: MenuProps) {
  const [open, setOpen] = useState(false)
  // Not before its trigger is on the page: the menu is placed beside it.
  useEffect(() => {
    if (opensAtOnce) queueMicrotask(() => setOpen(true))
  }, [opensAtOnce])
  return (
    <Base.Root modal={false} open={open} onOpenChange={setOpen}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner side={side} align="end" sideOffset={8} collisionPadding={12}>
          <Base.Popup className="max-w-[min(20rem,calc(100vw-1.5rem))] min-w-[min(14rem,calc(100vw-1.5rem))] rounded-field border border-line bg-raised p-1.5 text-base text-ink shadow-floating outline-none">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

const row =
  'flex min-h-11 w-full items-center gap-3 rounded-small px-3 text-left outline-none data-highlighted:bg-sunken'

export function MenuAction({ onPress, children }: { onPress: () => void; children: ReactNode }) {
  return (
    <Base.Item className={row} onClick={onPress}>
      {children}
    </Base.Item>
  )
}

export function MenuLink({ to, children }: { to: LinkProps['to']; children: ReactNode }) {
  return (
    <Base.LinkItem className={row} closeOnClick render={<Link to={to} />}>
      {children}
    </Base.LinkItem>
  )
}

interface MenuChoiceProps {
  label: string
  value: string
  options: { value: string; label: string }[]
  onChoose: (value: string) => void
}

/** One of several, with a mark beside the present one. */
export function MenuChoice({ label, value, options, onChoose }: MenuChoiceProps) {
  return (
    <Base.Group>
      <Base.GroupLabel className="px-3 pt-2 pb-1 text-small text-ink-soft">{label}</Base.GroupLabel>
      <Base.RadioGroup value={value} onValueChange={(chosen: string) => onChoose(chosen)}>
        {options.map((option) => (
          <Base.RadioItem key={option.value} value={option.value} className={row}>
            <span className="flex size-5 items-center justify-center">
              <Base.RadioItemIndicator>
                <Icon name="check" className="size-5" />
              </Base.RadioItemIndicator>
            </span>
            <span className="min-w-0 py-1 wrap-anywhere">{option.label}</span>
          </Base.RadioItem>
        ))}
      </Base.RadioGroup>
    </Base.Group>
  )
}

interface MenuSwitchProps {
  isOn: boolean
  onChange: (isOn: boolean) => void
  children: ReactNode
}

/** Something that is so or not, with a mark when it is. */
export function MenuSwitch({ isOn, onChange, children }: MenuSwitchProps) {
  return (
    <Base.CheckboxItem checked={isOn} onCheckedChange={onChange} className={row}>
      <span className="flex size-5 items-center justify-center">
        <Base.CheckboxItemIndicator>
          <Icon name="check" className="size-5" />
        </Base.CheckboxItemIndicator>
      </span>
      <span className="min-w-0">{children}</span>
    </Base.CheckboxItem>
  )
}

export const MenuRule = () => <Base.Separator className="mx-3 my-1.5 h-px bg-line" />
