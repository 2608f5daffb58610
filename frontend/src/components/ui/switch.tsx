/** An on/off switch with its sentence beside it. */
import { Switch as Base } from '@base-ui/react/switch';
import { useId } from 'react';

export function Switch({
  label,
  hint,
  checked,
  onChange,
  disabled,
}: {
  label: string;
  hint?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className="flex items-start gap-4">
      <div className="min-w-0 flex-1">
        <span id={id} className="block font-medium">
          {label}
        </span>
        {hint && <span className="mt-0.5 block text-sm text-text-3">{hint}</span>}
      </div>
      <Base.Root
        className="switch mt-0.5"
        aria-labelledby={id}
        checked={checked}
        onCheckedChange={onChange}
        disabled={disabled}
      >
        <Base.Thumb />
      </Base.Root>
    </div>
  );
}
