import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/ui/icon'
import { Menu, MenuChoice } from '@/components/ui/menu'
import { deviceInUse, SYSTEM_DEVICE } from '@/lib/devices/choice'
import { useDeviceChoice } from '@/lib/devices/remembered'
import { useDevices } from '@/lib/devices/use-devices'

/** Which microphone hears the learner; a small mark on the button that mutes it. */
export function MicrophoneMenu({ onChoose }: { onChoose: (id: string) => void }) {
  const { t } = useTranslation('talk')
  const devices = useDevices('audioinput')
  const chosen = deviceInUse(useDeviceChoice().input, devices)

  const options = [
    { value: SYSTEM_DEVICE, label: t('systemMicrophone') },
    ...devices.map(({ id, label }, index) => ({
      value: id,
      label: label === '' ? t('unnamedMicrophone', { number: index + 1 }) : label,
    })),
  ]
  const trigger = (
    <button
      type="button"
      aria-label={t('microphones')}
      className="absolute -top-1.5 -right-5 flex size-11 items-center justify-center text-ink-soft hover:text-ink"
    >
      <span className="flex size-6 items-center justify-center rounded-full border border-edge bg-raised">
        <Icon name="chevron" className="size-4 rotate-180" />
      </span>
    </button>
  )
  return (
    <Menu trigger={trigger} side="top">
      <MenuChoice
        label={t('microphones')}
        value={chosen?.id ?? SYSTEM_DEVICE}
        options={options}
        onChoose={onChoose}
      />
    </Menu>
  )
}
