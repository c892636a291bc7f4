import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/components/ui/button'
import { Select } from '@/components/ui/select'
import { Switch } from '@/components/ui/switch'
import {
  deviceInUse,
  processingOf,
  SYSTEM_DEVICE,
  withProcessing,
  type Device,
  type Processing,
} from '@/lib/devices/choice'
import { asksForOutput, askForOutput, canChooseOutput, chooseOutput } from '@/lib/devices/output'
import { changeDevices, useDeviceChoice } from '@/lib/devices/remembered'
import { useDevices } from '@/lib/devices/use-devices'

interface AskedProps {
  /** Changes when the microphone was allowed: from then on the devices have names. */
  asked: unknown
}

export function InputField({ asked }: AskedProps) {
  const { t } = useTranslation('devices')
  const choice = useDeviceChoice()
  const devices = useDevices('audioinput', asked)
  const used = deviceInUse(choice.input, devices)
  return (
    <Select
      key={keyOf(devices)}
      label={t('input.label')}
      hint={
        devices.length === 0
          ? t('input.later')
          : goneHint(choice.input, used, (name) => t('gone', { name }))
      }
      value={used?.id ?? SYSTEM_DEVICE}
      options={[
        { value: SYSTEM_DEVICE, label: t('system') },
        ...named(devices, (number) => t('input.unnamed', { number })),
      ]}
      onChoose={(id) => {
        const input = devices.find((device) => device.id === id) ?? null
        changeDevices((before) => ({ ...before, input }))
      }}
    />
  )
}

export function OutputField({ asked }: AskedProps) {
  const { t } = useTranslation('devices')
  const choice = useDeviceChoice()
  // The browser's own question makes one more loudspeaker known.
  const [answers, setAnswers] = useState(0)
  const devices = useDevices('audiooutput', `${String(asked)} ${answers}`)
  const used = deviceInUse(choice.output, devices)
  if (!canChooseOutput() || (devices.length === 0 && !asksForOutput())) {
    return <Fixed name={t('output.label')} words={t('output.fixed')} />
  }
  const ask = async () => {
    const device = await askForOutput()
    if (device !== null) chooseOutput(device)
    setAnswers((before) => before + 1)
  }
  return (
    <div className="flex flex-col gap-2">
      <Select
        key={keyOf(devices)}
        label={t('output.label')}
        hint={goneHint(choice.output, used, (name) => t('gone', { name }))}
        value={used?.id ?? SYSTEM_DEVICE}
        options={[
          { value: SYSTEM_DEVICE, label: t('system') },
          ...named(devices, (number) => t('output.unnamed', { number })),
        ]}
        onChoose={(id) => chooseOutput(devices.find((device) => device.id === id) ?? null)}
      />
      {asksForOutput() && (
        <Button weight="quiet" className="self-start" onClick={() => void ask()}>
          {t('output.ask')}
        </Button>
      )}
    </div>
  )
}

const Fixed = ({ name, words }: { name: string; words: string }) => (
  <div className="flex flex-col gap-1.5">
    <p className="text-small font-medium">{name}</p>
    <p className="text-small text-ink-soft">{words}</p>
  </div>
)

interface ProcessingSwitchesProps extends AskedProps {
  /** What the open microphone says of itself. */
  settings: MediaTrackSettings | null
}

const SWITCHES = ['noiseSuppression', 'echoCancellation', 'autoGainControl'] as const

/** The switches of the chosen microphone, as far as this browser has them. */
export function ProcessingSwitches({ asked, settings }: ProcessingSwitchesProps) {
  const { t } = useTranslation('devices')
  const choice = useDeviceChoice()
  const input = deviceInUse(choice.input, useDevices('audioinput', asked)) ?? choice.input
  const wanted = processingOf(choice, input)
  const supported = SWITCHES.filter((name) => supports(name))
  if (supported.length === 0) return null
  return (
    <fieldset className="flex flex-col">
      <legend className="pb-1 text-small font-medium">{t('processing.title')}</legend>
      {supported.map((name) => (
        <Switch
          key={name}
          label={t(`processing.${name}.label`)}
          // A headset may do this by itself, whatever the browser asks of it.
          hint={
            settings?.[name] === !wanted[name]
              ? t('processing.unchanged')
              : t(`processing.${name}.hint`)
          }
          checked={wanted[name]}
          onChange={(on) =>
            changeDevices((before) => withProcessing(before, input, { [name]: on }))
          }
        />
      ))}
    </fieldset>
  )
}

function supports(name: keyof Processing): boolean {
  const devices = navigator.mediaDevices as MediaDevices | undefined
  return devices?.getSupportedConstraints()[name] === true
}

function named(devices: readonly Device[], unnamed: (number: number) => string) {
  return devices.map(({ id, label }, index) => ({
    value: id,
    label: label === '' ? unnamed(index + 1) : label,
  }))
}

function goneHint(
  wanted: Device | null,
  used: Device | null,
  words: (name: string) => string,
): string | undefined {
  const gone = wanted !== null && used === null && wanted.label !== ''
  return gone ? words(wanted.label) : undefined
}

/**
 * A list whose chosen entry goes away chooses its first one by itself, as if the learner had: so each list of devices
 * is a list of its own, and the choice outlives a device that is pulled out.
 */
function keyOf(devices: readonly Device[]): string {
  return devices.map(({ id }) => id).join()
}
